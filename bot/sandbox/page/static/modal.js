// Modals: a stack of views, the topmost shown. The browser's own dialog keeps the focus inside.
import { act } from "./api.js";
import { blocks } from "./blocks/index.js";
import { fill, h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { icon, mark } from "./icons.js";
import { closePopover } from "./popover.js";
import { done } from "./notice.js";
import { on, state } from "./state.js";
import { surfaceOf } from "./surface.js";

let dialog = null;
let shown = "";
let flushes = [];

export function startModals() {
  on("modals", draw);
  on("loaded", draw);
}

function draw() {
  const view = state.modals.at(-1);
  const what = view ? `${view.id} ${view.hash} ${JSON.stringify(view.errors)} ${state.modals.length}` : "";
  if (what === shown) return;
  const same = view && shown.startsWith(`${view.id} `);
  shown = what;
  closePopover();
  if (!view) {
    dialog?.close();
    dialog?.remove();
    dialog = null;
    return;
  }
  if (!dialog) {
    dialog = h("dialog", { class: "modal", oncancel: (event) => { event.preventDefault(); close(); } });
    document.body.append(dialog);
    dialog.showModal();
  }
  const body = dialog.querySelector(".modal-body");
  const scroll = same && body ? body.scrollTop : 0;
  const focused = same ? document.activeElement?.closest("[data-control]")?.dataset.control : null;
  fill(dialog, ...content(view));
  dialog.querySelector(".modal-body").scrollTop = scroll;
  const target = dialog.querySelector(`[aria-invalid=true]`) ?? [...dialog.querySelectorAll("[data-control]")].find((each) => each.dataset.control === focused) ?? dialog.querySelector("[autofocus]") ?? dialog.querySelector(".modal-body [data-control], .modal-body button, .modal-body input") ?? dialog.querySelector(".modal-foot button");
  target?.focus({ preventScroll: Boolean(same) });
}

function content(view) {
  flushes = [];
  const surface = surfaceOf({ view: view.id }, view, view.id, { submit, flush: (settle) => flushes.push(settle) });
  dialog.setAttribute("aria-labelledby", "modal-title");
  return [
    h(
      "div",
      { class: "modal-head" },
      state.modals.length > 1 ? h("button", { type: "button", class: "tool", "aria-label": "Back", onclick: close }, icon("back")) : mark(26),
      h("h2", { id: "modal-title" }, withEmoji(view.title)),
      h("button", { type: "button", class: "tool", "aria-label": "Close", onclick: close }, icon("close")),
    ),
    h("div", { class: "modal-notices" }),
    h("div", { class: "modal-body" }, ...blocks(view.blocks, surface)),
    h(
      "div",
      { class: "modal-foot" },
      view.private_metadata || view.callback_id ? h("details", { class: "modal-facts" }, h("summary", {}, "callback_id and private_metadata"), h("dl", {}, h("dt", {}, "callback_id"), h("dd", {}, view.callback_id || "—"), h("dt", {}, "private_metadata"), h("dd", {}, view.private_metadata || "—"))) : h("span"),
      h("button", { type: "button", class: "button", onclick: close }, withEmoji(view.close || "Close")),
      view.submit ? h("button", { type: "button", class: "button primary", disabled: view.submit_disabled, onclick: submit }, withEmoji(view.submit)) : null,
    ),
  ];
}

async function submit() {
  const view = state.modals.at(-1);
  const button = dialog.querySelector(".modal-foot .primary");
  if (!view || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  await Promise.all(flushes.map((settle) => settle()));
  done(await act("submit", state.me, { view: view.id }));
  button.removeAttribute("aria-busy");
}

async function close() {
  const view = state.modals.at(-1);
  if (view) done(await act("close", state.me, { view: view.id }));
}
