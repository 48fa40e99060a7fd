// One interactive element of a block → what a person uses. Each kind lives in the file of its family.
import { h } from "../dom.js";
import { button, feedback, iconButton, overflow } from "./buttons.js";
import { checkboxes, radios } from "./choices.js";
import { datepicker, datetimepicker, timepicker } from "./pickers.js";
import { select } from "./select.js";
import { typed } from "./typed.js";
import { picture } from "../blocks/picture.js";
import { text } from "../mrkdwn.js";

const KINDS = {
  button, overflow, datepicker, timepicker, datetimepicker, checkboxes,
  radio_buttons: radios, feedback_buttons: feedback, icon_button: iconButton,
  static_select: select, multi_static_select: select, external_select: select, multi_external_select: select,
  users_select: select, multi_users_select: select,
  conversations_select: select, multi_conversations_select: select, channels_select: select, multi_channels_select: select,
  plain_text_input: typed, rich_text_input: typed, number_input: typed, email_text_input: typed, url_text_input: typed,
  image: (_block, element) => picture(element, "thumb"),
  mrkdwn: (_block, element) => h("span", {}, ...text(element)),
  plain_text: (_block, element) => h("span", {}, ...text(element)),
};

// context: what the element stands on. {surface, chosen, use(block, element, value, {quiet}), label?}
export function element(block, given, context) {
  const made = KINDS[given.type];
  if (!made) return h("span", { class: "unknown" }, `${given.type} is not drawn here`);
  const shown = made(block, given, context);
  if (given.action_id) shown.dataset.control = given.action_id;
  return shown;
}
