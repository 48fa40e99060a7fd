// Blocks that hold others: containers, which fold, and cards.
import { h, newId } from "../dom.js";
import { element } from "../elements/index.js";
import { icon } from "../icons.js";
import { text } from "../mrkdwn.js";
import { block as drawn } from "./index.js";
import { picture } from "./picture.js";
import { richText } from "./rich_text.js";

export function container(block, surface) {
  const name = block.title ? block.title.text : JSON.stringify(block.rich_text_title);
  const folded = block.is_collapsible && (surface.folded?.get(name) ?? Boolean(block.default_collapsed));
  const body = h("div", { class: "container-body", id: newId("container"), hidden: folded }, ...block.child_blocks.map((each) => drawn(each, surface)));
  const title = h(
    "div",
    { class: "container-words" },
    h("div", { class: "container-title" }, ...(block.title ? text(block.title) : richText(block.rich_text_title))),
    block.subtitle ? h("div", { class: "container-subtitle" }, ...text(block.subtitle)) : null,
  );
  const look = block.icon ? picture(block.icon, "thumb") : null;
  if (!block.is_collapsible) return h("div", { class: shape(block) }, h("div", { class: "container-head" }, look, title), body);
  const head = h("button", { type: "button", class: "container-head", "aria-expanded": String(!folded), "aria-controls": body.id, onclick: () => {
    body.hidden = !body.hidden;
    surface.folded?.set(name, body.hidden);
    head.setAttribute("aria-expanded", String(!body.hidden));
  } }, look, title, icon("chevron", 16));
  return h("div", { class: shape(block) }, head, body);
}

function shape(block) {
  return `container width-${block.width ?? "standard"}${block.has_header_divider ? " ruled" : ""}`;
}

export function card(block, surface) {
  return h(
    "div",
    { class: "card" },
    block.hero_image ? picture(block.hero_image, "hero") : null,
    h(
      "div",
      { class: "card-head" },
      block.icon ? picture(block.icon, "thumb") : null,
      h(
        "div",
        {},
        block.title ? h("div", { class: "card-title" }, ...text(block.title)) : null,
        block.subtitle ? h("div", { class: "card-subtitle" }, ...text(block.subtitle)) : null,
      ),
    ),
    block.body ? h("div", { class: "card-body" }, ...text(block.body)) : null,
    block.subtext ? h("div", { class: "card-subtext" }, ...text(block.subtext)) : null,
    block.actions ? h("div", { class: "actions" }, ...block.actions.map((each) => element(block, each, surface))) : null,
  );
}

export function carousel(block, surface) {
  return h("div", { class: "carousel", tabindex: "0", role: "region", "aria-label": "Cards" }, ...block.elements.map((each) => drawn(each, surface)));
}
