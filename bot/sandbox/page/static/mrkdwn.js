// Slack's mrkdwn → elements. Read in two steps: what stands between < and > and in code is set aside first, so that emphasis never
// looks inside it; what is left is emphasis and text.
import { full, tokens } from "./dates.js";
import { h, link } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { person, placeName, state } from "./state.js";

const FENCE = /```\n?([\s\S]*?)\n?```/g;
const ATOM = /<([^<>\n]+)>|`([^`\n]+)`/g;
const BARE = /(?<![\p{L}\p{N}])https?:\/\/[^\s<>\u{F0000}-\u{FFFFD}]*[^\s<>.,;:!?"'()\u{F0000}-\u{FFFFD}]/gu;
const STYLED = /(?<![\p{L}\p{N}*_~])([*_~])(?=\S)([^\n]*?\S)\1(?![\p{L}\p{N}*_~])/u;
const KEPT = /([\u{F0000}-\u{FFFFD}])/u;
const TAGS = { "*": "strong", _: "em", "~": "s" };

export function mrkdwn(text, { verbatim = false } = {}) {
  const found = [];
  let from = 0;
  const clean = text.replace(/[\u{F0000}-\u{FFFFD}]/gu, "\uFFFD");
  for (const fence of clean.matchAll(FENCE)) {
    found.push(...paragraphs(clean.slice(from, fence.index).replace(/\n$/, ""), verbatim));
    found.push(h("pre", {}, h("code", {}, plainly(fence[1]))));
    from = fence.index + fence[0].length;
    if (clean[from] === "\n") from += 1;
  }
  if (from < clean.length) found.push(...paragraphs(clean.slice(from), verbatim));
  return found;
}

// A text object of Block Kit: mrkdwn, or plain_text with emoji.
export function text(object, options) {
  if (!object) return [];
  if (typeof object === "string") return lines(withEmoji(object));
  if (object.type === "mrkdwn") return mrkdwn(object.text, { verbatim: object.verbatim, ...options });
  return lines(object.emoji === false ? object.text : withEmoji(object.text));
}

export function lines(words) {
  return words.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}

function unescaped(words) {
  return words.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

// The words of markup without it, for code.
function plainly(words) {
  return unescaped(words.replace(/<([^<>|\n]+)\|([^<>\n]+)>/g, "$2").replace(/<((?:https?|mailto):[^<>\n]+)>/g, "$1"));
}

function paragraphs(words, verbatim) {
  const found = [];
  let quote = null;
  for (const line of words.split("\n")) {
    const quoted = /^(?:>|&gt;)(?!(?:>|&gt;)) ?(.*)$/.exec(line);
    if (quoted) {
      if (quote) quote.append(h("br"));
      else found.push((quote = h("blockquote")));
      quote.append(...inline(quoted[1], verbatim));
      continue;
    }
    if (found.length && !quote) found.push(h("br"));
    quote = null;
    found.push(...inline(line, verbatim));
  }
  return found;
}

function inline(line, verbatim) {
  const atoms = [];
  const keep = (node) => String.fromCodePoint(0xf0000 + atoms.push(node) - 1);
  let rest = line.replace(ATOM, (whole, inner, code) => {
    const node = code === undefined ? atom(inner) : h("code", {}, plainly(code));
    return node === null ? whole : keep(node);
  });
  if (!verbatim) rest = rest.replace(BARE, (url) => keep(link(unescaped(url), unescaped(url))));
  return styled(rest, atoms);
}

function styled(words, atoms) {
  const found = STYLED.exec(words);
  if (!found) return leaves(words, atoms);
  return [
    ...leaves(words.slice(0, found.index), atoms),
    h(TAGS[found[1]], {}, ...styled(found[2], atoms)),
    ...styled(words.slice(found.index + found[0].length), atoms),
  ];
}

function leaves(words, atoms) {
  return words.split(KEPT).filter(Boolean).map((part) => (KEPT.test(part) ? atoms[part.codePointAt(0) - 0xf0000] : withEmoji(unescaped(part))));
}

function atom(inner) {
  const bar = inner.indexOf("|");
  const [target, label] = bar < 0 ? [inner, null] : [inner.slice(0, bar), inner.slice(bar + 1)];
  if (target.startsWith("@")) return mention(target.slice(1));
  if (target.startsWith("#")) return h("span", { class: "mention" }, state.channels.some((each) => each.id === target.slice(1)) ? placeName(target.slice(1)) : `#${label || "private channel"}`);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return group(target.slice(9).split("^")[0], label);
  if (target.startsWith("!")) return h("span", { class: "mention broadcast" }, label ?? `@${target.slice(1).split("^")[0]}`);
  if (/^(https?|mailto):/.test(target)) return link(unescaped(target), ...(label === null ? [unescaped(target).replace(/^mailto:/, "")] : [withEmoji(unescaped(label))]));
  return null;
}

export function mention(id) {
  return h("span", { class: `mention${id === state.me ? " me" : ""}` }, `@${person(id).name}`);
}

export function group(id, label = null) {
  return h("span", { class: "mention" }, label ?? `@${state.groups[id] ?? id}`);
}

function date(target, fallback) {
  const [, seconds, pattern, url] = target.split("^");
  const shown = /^\d+$/.test(seconds) ? tokens(Number(seconds), pattern ?? "") : null;
  if (shown === null) return document.createTextNode(fallback ?? "");
  const words = h("time", { title: full(Number(seconds) * 1000) }, shown);
  return url ? link(unescaped(url), words) : words;
}
