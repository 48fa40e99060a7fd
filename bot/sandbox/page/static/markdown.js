// A markdown block, already read into a tree by the server → elements.
import { h, link } from "./dom.js";
import { withEmoji } from "./emoji.js";

const TAGS = {
  paragraph: "p", bullet_list: "ul", list_item: "li", blockquote: "blockquote", em: "em", strong: "strong", s: "s",
  table: "table", thead: "thead", tbody: "tbody", tr: "tr", hr: "hr", hardbreak: "br",
};

export function markdown(nodes = []) {
  return nodes.map(element);
}

function element(node) {
  const inner = markdown(node.children);
  switch (node.type) {
    case "text":
      return withEmoji(node.text ?? "");
    case "inline":
      return inner;
    case "softbreak":
      return " ";
    case "heading":
      return h("p", { class: `heading level-${node.level}`, role: "heading", "aria-level": Math.min(6, node.level + 2) }, ...inner.flat(9));
    case "ordered_list":
      return h("ol", { start: node.start }, ...inner.flat(9));
    case "code_inline":
      return h("code", {}, node.text ?? "");
    case "fence":
    case "code_block":
      return h("pre", {}, h("code", {}, (node.text ?? "").replace(/\n$/, "")));
    case "link":
      return link(node.href ?? "", ...inner.flat(9));
    case "th":
    case "td": {
      const align = /text-align:(\w+)/.exec(node.style ?? "")?.[1];
      return h(node.type, { class: align ? `align-${align}` : null }, ...inner.flat(9));
    }
    default:
      return TAGS[node.type] ? h(TAGS[node.type], {}, ...inner.flat(9)) : node.text ?? inner;
  }
}
