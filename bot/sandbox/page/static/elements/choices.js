// Checkboxes and radio buttons.
import { h, newId } from "../dom.js";
import { text } from "../mrkdwn.js";
import { confirmed } from "../confirm.js";
import { held, hold, same } from "./held.js";

export function checkboxes(block, element, context) {
  const boxes = [];
  const changed = async () => {
    if (!(await confirmed(element.confirm))) return redraw();
    const picked = element.options.filter((_, index) => boxes[index].checked);
    hold(block, element, context, picked);
    return context.use(block, element, picked);
  };
  const redraw = () => {
    const now = held(block, element, context) ?? [];
    element.options.forEach((option, index) => {
      boxes[index].checked = now.some((each) => same(each, option));
    });
  };
  const shown = group(element, context, "group", (option, id) => {
    const box = h("input", { type: "checkbox", id, onchange: changed });
    boxes.push(box);
    return box;
  });
  redraw();
  return shown;
}

export function radios(block, element, context) {
  const name = newId("radio");
  const now = held(block, element, context);
  return group(element, context, "radiogroup", (option, id) => {
    const radio = h("input", { type: "radio", id, name, onchange: async () => {
      if (!(await confirmed(element.confirm))) return;
      hold(block, element, context, option);
      context.use(block, element, option);
    } });
    radio.checked = same(now, option);
    return radio;
  });
}

function group(element, context, role, input) {
  return h(
    "div",
    { class: "choices", role, "aria-label": context.label },
    ...element.options.map((option) => {
      const id = newId("choice");
      return h(
        "label",
        { class: "choice", for: id },
        input(option, id),
        h("span", {}, h("span", {}, ...text(option.text)), option.description ? h("span", { class: "detail" }, ...text(option.description)) : null),
      );
    }),
  );
}
