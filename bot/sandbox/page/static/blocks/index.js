// Blocks → elements of the page. Each family has its file; what is unknown says so instead of disappearing.
import { h } from "../dom.js";
import { chart } from "./charts.js";
import { card, carousel, container } from "./containers.js";
import { actions, contextActions, input } from "./inputs.js";
import { picture } from "./picture.js";
import { richText } from "./rich_text.js";
import { dataTable, table } from "./tables.js";
import { alert, context, divider, header, section } from "./words.js";
import { markdown } from "../markdown.js";

const KINDS = {
  actions, alert, card, carousel, container, context, divider, header, input, section, table,
  context_actions: contextActions,
  data_table: dataTable,
  data_visualization: chart,
  image: (block) => picture(block, "wide"),
  markdown: (block) => h("div", { class: "markdown" }, ...markdown(block.tree).flat(9)),
  rich_text: (block) => h("div", { class: "rich" }, ...richText(block)),
};

export function blocks(given, surface) {
  return given.map((each) => block(each, surface));
}

// surface: what elements/index.js calls the context, and `folded`, which remembers what is folded from one drawing to the next.
export function block(given, surface) {
  const draw = KINDS[given.type];
  const shown = draw ? draw(given, surface) : h("div", { class: "unknown" }, `A block of type ${given.type}, which is not drawn here.`);
  shown.classList.add("block", `block-${given.type}`);
  shown.dataset.block = given.block_id ?? "";
  return shown;
}
