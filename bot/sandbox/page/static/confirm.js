// A confirmation dialog, as an element's `confirm` describes it. Resolves to whether the person went on.
import { fill, h } from "./dom.js";
import { text } from "./mrkdwn.js";

export function confirmed(asked) {
  if (!asked) return Promise.resolve(true);
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "confirm", "aria-labelledby": "confirm-title" });
    const answer = (yes) => () => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      answer(false)();
    });
    fill(
      dialog,
      h("h2", { id: "confirm-title" }, ...text(asked.title)),
      h("div", { class: "confirm-text" }, ...text(asked.text)),
      h(
        "div",
        { class: "confirm-row" },
        h("button", { type: "button", class: "button", onclick: answer(false) }, ...(asked.deny ? text(asked.deny) : ["Cancel"])),
        h("button", { type: "button", class: `button ${asked.style === "danger" ? "danger solid" : "primary"}`, "data-first": "", onclick: answer(true) }, ...(asked.confirm ? text(asked.confirm) : ["Yes"])),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[data-first]").focus();
  });
}
