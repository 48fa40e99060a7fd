// Short sentences at the foot of the page: what failed, what was copied. Read out, and gone after a while.
import { h } from "./dom.js";
import { icon } from "./icons.js";

export function notice(words, { bad = false } = {}) {
  const shown = h(
    "div",
    { class: `notice${bad ? " bad" : ""}` },
    icon(bad ? "warning" : "info"),
    h("span", {}, words),
    h("button", { type: "button", class: "plain", "aria-label": "Dismiss", onclick: () => shown.remove() }, icon("close", 14)),
  );
  const place = document.querySelector("dialog[open] .modal-notices") ?? document.getElementById("notices");
  place.append(shown);
  setTimeout(() => shown.remove(), bad ? 12_000 : 5_000);
}

// After an act: says so when it failed. Returns whether it was done.
export function done(answer) {
  if (answer.failed) notice(answer.failed, { bad: true });
  return !answer.failed;
}
