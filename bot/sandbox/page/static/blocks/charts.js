// Charts as inline SVG, and the same figures as a table for those who do not see it.
import { h, s } from "../dom.js";

const WIDE = 560;
const HIGH = 240;
const EDGE = { left: 52, right: 12, top: 10, bottom: 40 };
const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });

export function chart(block) {
  const { chart: given, title } = block;
  const drawn = given.type === "pie" ? pie(given) : axes(given);
  const svg = s("svg", { class: `chart ${given.type}`, viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${title}: ${given.type} chart` }, ...drawn);
  return h("figure", { class: "visual" }, h("figcaption", {}, title), svg, legend(given), figures(given, title));
}

function colour(index) {
  return `series-${index % 12}`;
}

function legend(given) {
  const total = given.type === "pie" ? given.segments.reduce((sum, each) => sum + each.value, 0) : 0;
  const names = given.type === "pie"
    ? given.segments.map((each) => `${each.label} · ${NUMBER.format(each.value)} (${Math.round((each.value / total) * 100)} %)`)
    : given.series.map((each) => each.name);
  if (given.type !== "pie" && names.length === 1) return null;
  return h("div", { class: "legend", "aria-hidden": "true" }, ...names.map((each, index) => h("span", {}, h("span", { class: `key ${colour(index)}` }), each)));
}

function figures(given, title) {
  const head = given.type === "pie" ? ["", "Value"] : ["", ...given.series.map((each) => each.name)];
  const rows = given.type === "pie"
    ? given.segments.map((each) => [each.label, each.value])
    : given.axis_config.categories.map((category, index) => [category, ...given.series.map((each) => points(each, given.axis_config.categories)[index].value)]);
  return h(
    "table",
    { class: "hidden" },
    h("caption", {}, title),
    h("thead", {}, h("tr", {}, ...head.map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, ...rows.map(([name, ...values]) => h("tr", {}, h("th", { scope: "row" }, name), ...values.map((each) => h("td", {}, NUMBER.format(each)))))),
  );
}

// A series' points in the order of the categories; the app may give them in any.
function points({ data }, categories) {
  return categories.map((each) => data.find(({ label }) => label === each));
}

// Round steps that cover the values, zero among them.
function scale(values) {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values) || 1;
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const from = Math.floor(low / step) * step;
  const steps = [];
  for (let at = from; at < high + step * 0.999; at += step) steps.push(Math.round(at / step) * step);
  return { steps, from, to: steps.at(-1) };
}

function axes({ type, series: given, axis_config: axis }) {
  const { categories } = axis;
  const series = given.map((each) => ({ ...each, data: points(each, categories) }));
  const { steps, from, to } = scale(series.flatMap((each) => each.data.map((point) => point.value)));
  const width = WIDE - EDGE.left - EDGE.right;
  const height = HIGH - EDGE.top - EDGE.bottom;
  const band = width / categories.length;
  const y = (value) => EDGE.top + height - ((value - from) / (to - from)) * height;
  const x = (index) => EDGE.left + band * (index + 0.5);
  const every = Math.ceil((categories.length * 58) / width);
  return [
    ...steps.flatMap((each) => [
      s("line", { class: each === 0 ? "axis" : "grid", x1: EDGE.left, x2: WIDE - EDGE.right, y1: y(each), y2: y(each) }),
      s("text", { class: "tick-text", x: EDGE.left - 6, y: y(each) + 4, "text-anchor": "end" }, NUMBER.format(each)),
    ]),
    ...categories.flatMap((each, index) => (index % every ? [] : [s("text", { class: "tick-text", x: x(index), y: HIGH - EDGE.bottom + 16, "text-anchor": "middle" }, cut(each, (band * every) / 6.2))])),
    axis.x_label ? s("text", { class: "axis-text", x: EDGE.left + width / 2, y: HIGH - 6, "text-anchor": "middle" }, axis.x_label) : null,
    axis.y_label ? s("text", { class: "axis-text", x: 12, y: EDGE.top + height / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${EDGE.top + height / 2})` }, axis.y_label) : null,
    ...(type === "bar" ? bars(series, { band, x, y }) : lines(series, { x, y, filled: type === "area" })),
  ];
}

function cut(words, most) {
  return words.length <= most ? words : `${words.slice(0, Math.max(1, Math.floor(most) - 1))}…`;
}

function bars(series, { band, x, y }) {
  const wide = Math.min(48, (band * 0.7) / series.length);
  return series.flatMap(({ name, data }, row) =>
    data.map(({ label, value }, index) =>
      s(
        "rect",
        { class: colour(row), x: x(index) + (row - series.length / 2) * wide + 1, width: Math.max(1, wide - 2), y: Math.min(y(value), y(0)), height: Math.max(1, Math.abs(y(value) - y(0))), rx: 2 },
        s("title", {}, `${name}, ${label}: ${NUMBER.format(value)}`),
      ),
    ),
  );
}

function lines(series, { x, y, filled }) {
  return series.flatMap(({ name, data }, row) => {
    const points = data.map(({ value }, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
    return [
      filled ? s("polygon", { class: `area ${colour(row)}`, points: `${x(0)},${y(0)} ${points.join(" ")} ${x(data.length - 1)},${y(0)}` }) : null,
      s("polyline", { class: `stroke ${colour(row)}`, points: points.join(" ") }),
      ...data.map(({ label, value }, index) => s("circle", { class: colour(row), cx: x(index), cy: y(value), r: 3 }, s("title", {}, `${name}, ${label}: ${NUMBER.format(value)}`))),
    ];
  });
}

function pie({ segments }) {
  const total = segments.reduce((sum, each) => sum + each.value, 0);
  const [cx, cy, r] = [WIDE / 2, HIGH / 2, HIGH / 2 - 12];
  const at = (share) => [cx + r * Math.sin(share * 2 * Math.PI), cy - r * Math.cos(share * 2 * Math.PI)];
  let from = 0;
  return segments.map((each, index) => {
    const to = from + each.value / total;
    const told = s("title", {}, `${each.label}: ${NUMBER.format(each.value)}`);
    const [x1, y1] = at(from);
    const [x2, y2] = at(to);
    const wide = to - from > 0.5 ? 1 : 0;
    from = to;
    if (segments.length === 1) return s("circle", { class: colour(index), cx, cy, r }, told);
    return s("path", { class: `slice ${colour(index)}`, d: `M${cx} ${cy}L${x1} ${y1}A${r} ${r} 0 ${wide} 1 ${x2} ${y2}Z` }, told);
  });
}
