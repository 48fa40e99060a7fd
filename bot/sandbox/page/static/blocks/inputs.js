// Blocks of controls: actions, context_actions, and an input with its label.
import { h, newId } from "../dom.js";
import { element } from "../elements/index.js";
import { text } from "../mrkdwn.js";
import { state } from "../state.js";

export function actions(block, surface) {
  return h("div", { class: "actions", role: "group", "aria-label": "Actions" }, ...block.elements.map((each) => element(block, each, surface)));
}

export function contextActions(block, surface) {
  const mine = block.elements.filter((each) => !each.visible_to_user_ids || each.visible_to_user_ids.includes(state.me));
  return h("div", { class: "actions context-actions", role: "group", "aria-label": "Actions" }, ...mine.map((each) => element(block, each, surface)));
}

export function input(block, surface) {
  const hint = block.hint ? h("div", { class: "hint", id: newId("hint") }, ...text(block.hint)) : null;
  const error = surface.errors?.[block.block_id];
  const problem = h("div", { class: "input-error", id: newId("error"), role: "alert" }, error ?? "");
  const control = element(block, block.element, { ...surface, label: block.label.text, describedBy: [error ? problem.id : null, hint?.id].filter(Boolean).join(" ") || null });
  if (error) control.setAttribute("aria-invalid", "true");
  return h(
    "div",
    { class: `input${error ? " wrong" : ""}` },
    h("div", { class: "input-label" }, ...text(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null),
    control,
    problem,
    hint,
  );
}
