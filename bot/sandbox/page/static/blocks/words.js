// Blocks of words: section, header, context, divider, alert.
import { h } from "../dom.js";
import { element } from "../elements/index.js";
import { icon } from "../icons.js";
import { text } from "../mrkdwn.js";

const LONG = 700;

export function section(block, surface) {
  const words = block.text ? h("div", { class: "words" }, ...text(block.text)) : null;
  const long = words && !block.expand && block.text.text.length > LONG;
  const fields = block.fields ? h("div", { class: "fields" }, ...block.fields.map((each) => h("div", {}, ...text(each)))) : null;
  const accessory = block.accessory ? h("div", { class: "accessory" }, element(block, block.accessory, { ...surface, label: block.accessory.type === "button" ? null : plain(block.text) })) : null;
  const shown = h("div", { class: "section" }, h("div", { class: "said" }, words, fields), accessory);
  if (long) fold(words);
  return shown;
}

function plain(object) {
  return object?.text.replace(/[*_~`]/g, "") ?? null;
}

function fold(words) {
  words.classList.add("long");
  const more = h("button", { class: "plain more", type: "button", "aria-expanded": "false", onclick: () => {
    const open = words.classList.toggle("open");
    more.textContent = open ? "See less" : "See more";
    more.setAttribute("aria-expanded", String(open));
  } }, "See more");
  queueMicrotask(() => words.after(more));
}

export function header(block) {
  const level = block.level ?? 1;
  return h("div", { class: `header level-${level}`, role: "heading", "aria-level": level + 2 }, ...text(block.text));
}

export function context(block, surface) {
  return h("div", { class: "context" }, ...block.elements.map((each) => element(block, each, surface)));
}

export function divider() {
  return h("hr");
}

const LEVELS = { default: "info", info: "info", warning: "warning", error: "warning", success: "check" };

export function alert(block) {
  const level = block.level ?? "default";
  return h("div", { class: `alert ${level}`, role: level === "error" ? "alert" : "note" }, icon(LEVELS[level]), h("div", {}, ...text(block.text)));
}
