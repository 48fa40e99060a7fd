// What controls stand on: a message or a view. They all act the same way, through this.
import { act } from "./api.js";
import { done } from "./notice.js";
import { state } from "./state.js";

const folded = new Map();

// where: {channel, ts} or {view}. key: what folds are remembered under, the same from one drawing to the next.
export function surfaceOf(where, shown, key, more = {}) {
  if (!folded.has(key)) folded.set(key, new Map());
  return {
    surface: where,
    chosen: shown.chosen,
    errors: shown.errors,
    folded: folded.get(key),
    use: async (block, element, value, { quiet = false } = {}) =>
      done(await act("use", state.me, { surface: where, block_id: block.block_id, action_id: element.action_id, value, quiet })),
    ...more,
  };
}

// Draw anew, and keep the focus where it was: on the control of the same name, or else on the surface itself.
export function redrawn(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const name = focused?.closest("[data-control]")?.dataset.control;
  const nth = name === undefined ? -1 : sameName(old, name).findIndex((each) => each.contains(focused));
  const caret = focused && "selectionStart" in focused ? focused.selectionStart : null;
  old.replaceWith(fresh);
  if (!focused) return;
  const found = name === undefined ? null : sameName(fresh, name)[nth] ?? sameName(fresh, name)[0];
  const target = found?.matches("button, input, textarea, a") ? found : found?.querySelector("button, input, textarea");
  (target ?? fresh).focus({ preventScroll: true });
  if (caret !== null && target && "setSelectionRange" in target) {
    try {
      target.setSelectionRange(caret, caret);
    } catch {
      // A date or number field has no caret to set.
    }
  }
}

function sameName(root, name) {
  return [...root.querySelectorAll("[data-control]")].filter((each) => each.dataset.control === name);
}
