// Fields that a person writes into. What stands there is told to the stand-in as it changes, to the app only where the block asks for it.
import { h } from "../dom.js";
import { richText } from "../blocks/rich_text.js";
import { held, hold } from "./held.js";

const SETTLES = 250;
const TYPES = { number_input: "text", email_text_input: "email", url_text_input: "url", plain_text_input: "text" };

export function typed(block, element, context) {
  const dispatches = block.dispatch_action ? element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"] : [];
  const common = {
    class: "field",
    placeholder: element.placeholder?.text,
    minlength: element.min_length,
    maxlength: element.max_length,
    "aria-label": context.label,
    "aria-describedby": context.describedBy,
    autofocus: element.focus_on_load,
    autocomplete: "off",
  };
  const field = element.multiline || element.type === "rich_text_input"
    ? h("textarea", { ...common, rows: 4 })
    : h("input", { ...common, type: TYPES[element.type], inputmode: element.type === "number_input" ? (element.is_decimal_allowed ? "decimal" : "numeric") : null });
  const rich = element.type === "rich_text_input";
  const value = () => (field.value === "" ? null : rich ? asRich(field.value) : field.value);
  const first = held(block, element, context) ?? "";
  field.value = rich && first ? h("div", {}, ...richText(first)).textContent : first;
  let waiting = null;
  const settle = (quiet) => {
    clearTimeout(waiting);
    waiting = null;
    return context.use(block, element, value(), { quiet });
  };
  field.addEventListener("input", () => {
    hold(block, element, context, value());
    clearTimeout(waiting);
    waiting = setTimeout(() => settle(!dispatches.includes("on_character_entered")), SETTLES);
  });
  field.addEventListener("blur", () => waiting && settle(true));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || field.matches("textarea")) return;
    event.preventDefault();
    if (dispatches.includes("on_enter_pressed")) settle(false);
    else context.submit?.();
  });
  context.flush?.(() => (waiting ? settle(true) : null));
  return field;
}

// What is written here has no styles: one section of one text.
function asRich(words) {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text: words }] }] };
}
