// What an input holds: what somebody picked, or what it shows at first.

const KEYS = {
  static_select: "selected_option", external_select: "selected_option", radio_buttons: "selected_option",
  multi_static_select: "selected_options", multi_external_select: "selected_options", checkboxes: "selected_options",
  users_select: "selected_user", multi_users_select: "selected_users", conversations_select: "selected_conversation",
  channels_select: "selected_channel",
  multi_conversations_select: "selected_conversations", multi_channels_select: "selected_channels", rich_text_input: "rich_text_value", datepicker: "selected_date", timepicker: "selected_time",
  datetimepicker: "selected_date_time",
};

export function held(block, element, context) {
  const picked = context.chosen?.[block.block_id]?.[element.action_id];
  if (picked) return picked[KEYS[element.type] ?? "value"];
  const first = Object.keys(element).find((key) => key.startsWith("initial_"));
  return first ? element[first] : undefined;
}

// Remembered on the page, too, so that the next drawing of the same message shows it.
export function hold(block, element, context, value) {
  context.chosen[block.block_id] ??= {};
  context.chosen[block.block_id][element.action_id] = { type: element.type, [KEYS[element.type] ?? "value"]: value };
}

export function label(option) {
  return option.text.text;
}

export function same(one, other) {
  return one?.value === other?.value && one?.text?.text === other?.text?.text;
}
