// Buttons: plain ones, the overflow menu, feedback, and the bin.
import { confirmed } from "../confirm.js";
import { h, safe } from "../dom.js";
import { icon } from "../icons.js";
import { text } from "../mrkdwn.js";
import { menu } from "../popover.js";

// While the app has not acked, the control shows it and takes no second press.
export async function pressed(control, act) {
  if (control.getAttribute("aria-busy") === "true") return;
  control.setAttribute("aria-busy", "true");
  try {
    await act();
  } finally {
    control.removeAttribute("aria-busy");
  }
}

export function button(block, element, context) {
  const press = async () => {
    if (!(await confirmed(element.confirm))) return;
    await pressed(shown, () => context.use(block, element, null));
  };
  const look = { class: `button ${element.style ?? ""}`.trim(), "aria-label": element.accessibility_label, onclick: press };
  const words = h("span", { class: "label" }, ...text(element.text));
  const shown =
    element.url && safe(element.url)
      ? h("a", { ...look, href: element.url, target: "_blank", rel: "noopener noreferrer" }, words)
      : h("button", { ...look, type: "button" }, words);
  return shown;
}

export function overflow(block, element, context) {
  const pick = async (option) => {
    if (!(await confirmed(element.confirm))) return;
    if (option.url && safe(option.url)) window.open(option.url, "_blank", "noopener,noreferrer");
    await pressed(shown, () => context.use(block, element, option));
  };
  const items = element.options.map((each) => ({ label: text(each.text), detail: each.description && text(each.description), run: () => pick(each) }));
  const shown = h(
    "button",
    { class: "button square", type: "button", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => menu(shown, "More actions", items) },
    icon("more"),
  );
  return shown;
}

export function feedback(block, element, context) {
  const one = (side, name) => {
    const given = element[`${side}_button`];
    const shown = h(
      "button",
      { class: "button square quiet", type: "button", "aria-label": given.accessibility_label ?? given.text.text, title: given.text.text, onclick: () => pressed(shown, async () => {
        if (await context.use(block, element, side)) shown.setAttribute("aria-pressed", "true");
      }) },
      icon(name),
    );
    return shown;
  };
  return h("span", { class: "feedback", role: "group", "aria-label": "Feedback" }, one("positive", "thumb_up"), one("negative", "thumb_down"));
}

export function iconButton(block, element, context) {
  const shown = h(
    "button",
    { class: "button square quiet", type: "button", "aria-label": element.accessibility_label ?? element.text.text, title: element.text.text, onclick: async () => {
      if (await confirmed(element.confirm)) await pressed(shown, () => context.use(block, element, null));
    } },
    icon(element.icon),
  );
  return shown;
}
