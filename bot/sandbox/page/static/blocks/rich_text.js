// Rich text: sections, lists, quotes and code, and the styled parts within.
import { full, tokens } from "../dates.js";
import { h, link } from "../dom.js";
import { emoji } from "../emoji.js";
import { group, lines, mention } from "../mrkdwn.js";
import { placeName } from "../state.js";

export function richText(block) {
  return block.elements.map(part);
}

function part(given) {
  switch (given.type) {
    case "rich_text_list": {
      const list = h(
        given.style === "ordered" ? "ol" : "ul",
        { start: given.offset ? given.offset + 1 : null, class: `indent-${given.indent ?? 0}${given.border ? " border" : ""}` },
        ...given.elements.map((each) => h("li", {}, ...inline(each.elements))),
      );
      return list;
    }
    case "rich_text_preformatted":
      return h("pre", {}, h("code", {}, ...given.elements.map((each) => (each.type === "link" ? each.text ?? each.url : each.text))));
    case "rich_text_quote":
      return h("blockquote", {}, ...inline(given.elements));
    default:
      return h("div", {}, ...inline(given.elements));
  }
}

function inline(elements) {
  return elements.flatMap((each) => styled(leaf(each), each.style));
}

function leaf(each) {
  switch (each.type) {
    case "text":
      return lines(each.text);
    case "link":
      return [link(each.url, each.text || each.url)];
    case "emoji":
      return [emoji(each.name) ?? `:${each.name}:`];
    case "user":
      return [mention(each.user_id)];
    case "channel":
      return [h("span", { class: "mention" }, placeName(each.channel_id))];
    case "usergroup":
      return [group(each.usergroup_id)];
    case "broadcast":
      return [h("span", { class: "mention broadcast" }, `@${each.range}`)];
    case "date": {
      const shown = tokens(each.timestamp, each.format);
      const words = h("time", { title: full(each.timestamp * 1000) }, shown ?? each.fallback ?? "");
      return [each.url ? link(each.url, words) : words];
    }
    case "color":
      return [h("span", { class: "swatch", style: { background: each.value } }), each.value];
    default:
      return [each.text ?? ""];
  }
}

const TAGS = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"], ["highlight", "mark"], ["client_highlight", "mark"]];

function styled(nodes, style = {}) {
  return TAGS.filter(([name]) => style[name]).reduce((inner, [, tag]) => [h(tag, {}, ...inner)], nodes);
}
