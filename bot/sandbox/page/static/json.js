// JSON to read: indented, coloured, and with the places marked that a refusal points to.
import { h } from "./dom.js";

const LONG = 2_000;

// marked: JSON pointers such as "/blocks/0/text".
export function json(value, marked = []) {
  return h("pre", { class: "json" }, h("code", {}, ...shown(value, "", marked, 0)));
}

function shown(value, pointer, marked, depth) {
  const parts = Array.isArray(value) ? list(value, pointer, marked, depth) : value !== null && typeof value === "object" ? object(value, pointer, marked, depth) : [leaf(value)];
  return marked.includes(pointer) && pointer ? [h("mark", {}, ...parts)] : parts;
}

function list(value, pointer, marked, depth) {
  if (!value.length) return ["[]"];
  return ["[", ...rows(value.map((each, index) => shown(each, `${pointer}/${index}`, marked, depth + 1)), depth), "]"];
}

function object(value, pointer, marked, depth) {
  const entries = Object.entries(value);
  if (!entries.length) return ["{}"];
  return ["{", ...rows(entries.map(([key, each]) => [h("span", { class: "key" }, JSON.stringify(key)), ": ", ...shown(each, `${pointer}/${key}`, marked, depth + 1)]), depth), "}"];
}

function rows(parts, depth) {
  const inner = "  ".repeat(depth + 1);
  return [...parts.flatMap((each, index) => [`\n${inner}`, ...each, index < parts.length - 1 ? "," : ""]), `\n${"  ".repeat(depth)}`];
}

function leaf(value) {
  const text = JSON.stringify(value) ?? "null";
  return h("span", { class: typeof value === "string" ? "text" : "value" }, text.length > LONG ? `${text.slice(0, LONG)}…"` : text);
}
