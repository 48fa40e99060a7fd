// The inspector: each request to the app with its time to ack, each call of the app, and what Slack refused, with its code.
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { json } from "./json.js";
import { notice } from "./notice.js";
import { on, remember, remembered, state, tell, zone } from "./state.js";

const panel = document.getElementById("inspector");
const KEPT = 300;
const FILTERS = [["all", "All"], ["to_app", "To the app"], ["from_app", "From the app"], ["bad", "Refused"]];
let filter = "all";
let from = 0;
const opened = new Set();
let list = null;

export function startInspector() {
  on("inspect", () => show(panel.hidden));
  on("loaded", () => !panel.hidden && draw());
  on("traffic", (entry) => {
    if (!list) return;
    const known = list.querySelector(`[data-entry="${entry.id}"]`);
    const fresh = passes(entry) ? row(entry) : null;
    if (known) fresh ? known.replaceWith(fresh) : known.remove();
    else if (fresh) {
      const near = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
      list.querySelector(".empty")?.remove();
      list.append(fresh);
      while (list.children.length > KEPT) list.firstChild.remove();
      if (near) list.scrollTop = list.scrollHeight;
    }
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      show(false);
      document.getElementById("inspect").focus();
    }
  });
  if (remembered("inspector", "") === "open" && window.innerWidth > 1100) show(true);
}

function show(open) {
  panel.hidden = !open;
  remember("inspector", open ? "open" : "");
  tell("inspector", open);
  if (open) draw();
  else list = null;
}

function draw() {
  list = h("div", { class: "entries", role: "list", tabindex: "0", "aria-label": "Requests and answers" });
  const rows = [...state.traffic.values()].filter(passes).map(row);
  fill(list, ...(rows.length ? rows : [h("p", { class: "empty" }, "Nothing yet: type a command, or use a button.")]));
  fill(
    panel,
    h("div", { class: "panel-head" }, h("h2", {}, "Inspector"), h("button", { type: "button", class: "button small", onclick: clear }, "Clear"), h("button", { type: "button", class: "tool", "aria-label": "Close the inspector", onclick: () => tell("inspect") }, icon("close"))),
    h(
      "div",
      { class: "filters", role: "group", "aria-label": "Show" },
      ...FILTERS.map(([name, label]) => h("button", { type: "button", class: "filter", "aria-pressed": String(filter === name), onclick: () => { filter = name; draw(); panel.querySelector(".filter[aria-pressed=true]").focus(); } }, label)),
    ),
    list,
  );
  list.scrollTop = list.scrollHeight;
}

function clear() {
  from = Math.max(0, ...[...state.traffic.values()].map((each) => each.at));
  state.traffic.clear();
  draw();
}

function isBad(entry) {
  return Boolean(entry.error || entry.refused.length);
}

function passes(entry) {
  if (entry.at <= from) return false;
  return filter === "all" || (filter === "bad" ? isBad(entry) : entry.way === filter);
}

function row(entry) {
  const body = h("div", { class: "entry-body" });
  const build = () => fill(body, ...details(entry));
  const shown = h(
    "details",
    { class: `entry ${entry.way}${isBad(entry) ? " bad" : ""}`, role: "listitem", "data-entry": entry.id, open: opened.has(entry.id), ontoggle: () => {
      if (shown.open) opened.add(entry.id);
      else opened.delete(entry.id);
      if (shown.open && !body.firstChild) build();
    } },
    h(
      "summary",
      {},
      h("span", { class: "way", title: entry.way === "to_app" ? "Slack → app" : "App → Slack" }, entry.way === "to_app" ? "→" : "←"),
      h("span", { class: "entry-words" }, h("span", { class: "entry-kind" }, entry.kind), " ", h("span", { class: "entry-title" }, entry.title)),
      h("span", { class: "entry-side" }, code(entry), h("span", { class: `ms${entry.budget && entry.ms > entry.budget / 2 ? " slow" : ""}` }, entry.done ? `${entry.ms < 10 ? entry.ms.toFixed(1) : Math.round(entry.ms)} ms` : "…")),
    ),
    body,
  );
  if (shown.open) build();
  return shown;
}

function code(entry) {
  const refused = entry.refused[0]?.code ?? entry.error;
  if (refused) return h("span", { class: "code bad" }, refused);
  if (!entry.done) return h("span", { class: "code" }, "waiting");
  return h("span", { class: "code" }, entry.way === "to_app" ? `ack ${entry.status}` : "ok");
}

function details(entry) {
  const at = new Intl.DateTimeFormat("en-GB", { timeZone: zone(), dateStyle: "medium", timeStyle: "medium" }).format(entry.at);
  const told = entry.way === "to_app"
    ? `Slack sent this at ${at}; ${entry.error ? `it ended in ${entry.error}` : `the app acked with ${entry.status ?? "—"}`} after ${entry.ms} ms of ${entry.budget}.`
    : `The app called this at ${at}; it took ${entry.ms} ms.`;
  const inAnswer = entry.refused.length && entry.way === "to_app";
  const pointers = entry.refused.map((each) => each.pointer);
  return [
    h("p", { class: "detail" }, told),
    entry.refused.length
      ? h("ul", { class: "refusals" }, ...entry.refused.map((each) => h("li", {}, h("code", {}, each.code), ` ${each.message}`, each.pointer ? h("span", { class: "pointer" }, ` at ${each.pointer}`) : null)))
      : null,
    part("Payload", entry.payload, inAnswer ? [] : pointers),
    part("Answer", entry.answer === "" ? null : entry.answer, inAnswer ? pointers : []),
    entry.headers ? part("Headers", entry.headers) : null,
  ];
}

function part(name, value, marked = []) {
  if (value === null || value === undefined) return h("p", { class: "detail" }, `${name}: empty`);
  const text = JSON.stringify(value, null, 2);
  return h(
    "section",
    { class: "part", "aria-label": name },
    h("div", { class: "part-head" }, h("h3", {}, name), h("span", { class: "detail" }, `${new TextEncoder().encode(JSON.stringify(value)).length.toLocaleString("en")} bytes`), h("button", { type: "button", class: "button small", onclick: async () => { await navigator.clipboard.writeText(text); notice("Copied."); } }, "Copy")),
    json(value, marked),
  );
}
