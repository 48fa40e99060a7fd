// Tables: the plain one, and the one that a person can sort, search and page through.
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { lines } from "../mrkdwn.js";
import { richText } from "./rich_text.js";

const PAGE = 5;

export function table(block) {
  const settings = block.column_settings ?? [];
  const row = (cells, tag) => h("tr", {}, ...cells.map((each, index) => h(tag, { class: look(settings[index]), scope: tag === "th" ? "col" : null }, ...cell(each))));
  const [first, ...rest] = block.rows;
  return h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", {}, h("thead", {}, row(first, "th")), h("tbody", {}, ...rest.map((each) => row(each, "td")))));
}

function look(setting) {
  return setting ? `align-${setting.align ?? "left"}${setting.is_wrapped === false ? " nowrap" : ""}` : null;
}

function cell(given) {
  if (given.type === "rich_text") return richText(given);
  return lines(words(given));
}

function words(given) {
  if (given.type === "rich_text") return h("span", {}, ...richText(given)).textContent;
  return String(given.text ?? given.value ?? "");
}

const SHORT = 24;

function cellClass(given, number) {
  if (number) return "align-right";
  return words(given).length <= SHORT ? "nowrap" : null;
}

export function dataTable(block) {
  const [head, ...rows] = block.rows;
  const size = block.page_size ?? PAGE;
  const side = block.row_header_column_index;
  const numbers = head.map((_, index) => rows.every((row) => row[index].type === "raw_number"));
  let page = 0;
  let sorted = null;
  let wanted = "";
  const body = h("tbody");
  const foot = h("div", { class: "pager" });
  const heads = head.map((each, index) => {
    const th = h("th", { scope: "col", class: numbers[index] ? "align-right" : null, "aria-sort": "none" });
    const sort = () => {
      const down = sorted?.index === index && !sorted.down;
      sorted = sorted?.index === index && sorted.down ? null : { index, down };
      page = 0;
      draw();
    };
    th.append(h("button", { type: "button", class: "plain sort", onclick: sort }, words(each), icon("chevron", 12)));
    return th;
  });
  const shown = () => {
    const found = wanted ? rows.filter((row) => row.some((each) => words(each).toLowerCase().includes(wanted))) : [...rows];
    if (!sorted) return found;
    const { index, down } = sorted;
    const value = (row) => (numbers[index] ? row[index].value : words(row[index]).toLowerCase());
    return found.sort((one, other) => (value(one) < value(other) ? -1 : value(one) > value(other) ? 1 : 0) * (down ? -1 : 1));
  };
  const draw = () => {
    const found = shown();
    const pages = Math.max(1, Math.ceil(found.length / size));
    page = Math.min(page, pages - 1);
    heads.forEach((th, index) => th.setAttribute("aria-sort", sorted?.index === index ? (sorted.down ? "descending" : "ascending") : "none"));
    fill(
      body,
      ...found.slice(page * size, (page + 1) * size).map((row) =>
        h("tr", {}, ...row.map((each, index) => h(index === side ? "th" : "td", { scope: index === side ? "row" : null, class: cellClass(each, numbers[index]) }, ...cell(each)))),
      ),
      found.length ? null : h("tr", {}, h("td", { colspan: head.length, class: "empty" }, "No rows match")),
    );
    const step = (by, name) => h("button", { type: "button", class: "button small", disabled: by < 0 ? page === 0 : page >= pages - 1, onclick: () => { page += by; draw(); foot.querySelector("button:not([disabled])")?.focus(); } }, name);
    fill(
      foot,
      h("span", { "aria-live": "polite" }, found.length ? `${page * size + 1}–${Math.min(found.length, (page + 1) * size)} of ${found.length}` : "0 rows"),
      pages > 1 ? h("span", { class: "pager-steps" }, step(-1, "Previous"), step(1, "Next")) : null,
    );
  };
  draw();
  const search = rows.length > size
    ? h("input", { class: "field search small", type: "search", placeholder: "Filter rows", "aria-label": `Filter: ${block.caption}`, oninput: (event) => { wanted = event.target.value.trim().toLowerCase(); page = 0; draw(); } })
    : null;
  return h(
    "div",
    { class: "data-table" },
    h("div", { class: "caption" }, h("strong", {}, block.caption), search),
    h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": block.caption }, h("table", {}, h("caption", { class: "hidden" }, block.caption), h("thead", {}, h("tr", {}, ...heads)), body)),
    foot,
  );
}
