// The middle: a channel, or the app with its tabs.
import { act, read } from "./api.js";
import { blocks } from "./blocks/index.js";
import { composer, grow } from "./composer.js";
import { fill, h, plural } from "./dom.js";
import { icon, mark } from "./icons.js";
import { Log } from "./log.js";
import { done } from "./notice.js";
import { channel, on, person, placeName, remember, state, tell } from "./state.js";
import { redrawn, surfaceOf } from "./surface.js";

const place = document.getElementById("place");
let log = null;
let tab = "messages";
let turn = 0;
// What is told of the place while its messages are being fetched: it may be newer than what comes back.
let meanwhile = null;

export function startPlace() {
  on("go", go);
  on("message", (message) => {
    const here = message.channel === state.place;
    if (here && meanwhile) meanwhile.push((into) => put(into, message));
    else if (here && log) put(log, message);
    const fresh = !here || !(log || meanwhile);
    if (fresh && message.user !== state.me && !message.edited && !message.replies.length) {
      state.unread.set(message.channel, (state.unread.get(message.channel) ?? 0) + 1);
      tell("unread");
    }
  });
  on("deleted", ({ channel: from, ts }) => {
    if (from !== state.place) return;
    if (meanwhile) meanwhile.push((into) => into.take(ts));
    else log?.take(ts);
  });
  on("home", () => tab === "home" && state.place === state.app.dm && drawHome());
  on("sending", (where) => where === state.place && log?.toEnd());
  on("clock", () => log?.redraw());
}

export async function go(id) {
  const mine = (turn += 1);
  if (state.place !== id) {
    tab = "messages";
    tell("place", (state.place = id));
    remember("place", id);
  }
  if (id === state.app.dm && tab === "home") {
    log = null;
    meanwhile = null;
    fill(place, head(), h("div", { class: "home", id: "panel-home", role: "tabpanel", "aria-labelledby": "tab-home", tabindex: "0" }));
    drawHome();
    act("home", state.me).then(done);
    return;
  }
  state.unread.delete(id);
  tell("unread");
  meanwhile = [];
  const found = await read("messages", { as: state.me, channel: id });
  if (mine !== turn) return;
  log = new Log({ label: `Messages in ${placeName(id)}`, empty: beginning(id), older: (before) => read("messages", { as: state.me, channel: id, before }) });
  const panel = { class: "place-body", id: "panel-messages", ...(id === state.app.dm && state.app.home ? { role: "tabpanel", "aria-labelledby": "tab-messages" } : {}) };
  fill(place, head(), h("div", panel, log.element, hints(), composer({ channel: id, label: `Message ${placeName(id)}`, id: "composer-text" })));
  log.show(found);
  for (const apply of meanwhile) apply(log);
  meanwhile = null;
  // As in Slack, one may write at once. On a touch screen a keyboard would cover half of the place.
  if (document.activeElement === document.body && !matchMedia("(pointer: coarse)").matches) document.getElementById("composer-text").focus();
}

// A reply stands in its thread alone, unless it was broadcast.
function put(into, message) {
  if (!message.thread || message.broadcast) into.put(message);
}

function head() {
  const id = state.place;
  if (id === state.app.dm) return h("div", { class: "place-head app-head" }, h("div", { class: "place-title" }, mark(24), h("h2", {}, person(state.app.user).name)), state.app.home ? tabs() : null);
  const found = channel(id);
  return h(
    "div",
    { class: "place-head" },
    h("div", { class: "place-title" }, icon(found.kind === "public" ? "hash" : "lock", 18), h("h2", {}, found.name), found.shared ? h("span", { class: "tag warn" }, "shared outside") : null),
    h("div", { class: "topic" }, [found.topic, plural(found.members, "person", "people")].filter(Boolean).join(" · ")),
  );
}

function tabs() {
  const one = (name, label) =>
    h("button", { type: "button", role: "tab", id: `tab-${name}`, class: "tab", "aria-selected": String(tab === name), "aria-controls": `panel-${name}`, tabindex: tab === name ? "0" : "-1", onclick: () => choose(name) }, label);
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": "App" }, one("home", "Home"), one("messages", "Messages"));
  list.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    choose(tab === "home" ? "messages" : "home");
  });
  return list;
}

async function choose(name) {
  tab = name;
  await go(state.place);
  document.getElementById(`tab-${name}`)?.focus();
}

function drawHome() {
  const panel = document.getElementById("panel-home");
  const view = state.home;
  const body = view
    ? h("div", { class: "home-body", tabindex: "-1" }, ...blocks(view.blocks, surfaceOf({ view: view.id }, view, view.id)))
    : h("div", { class: "home-body empty", tabindex: "-1" }, mark(56), h("p", {}, `${person(state.app.user).name} has not published a Home tab yet.`));
  if (panel.firstChild) redrawn(panel.firstChild, body);
  else panel.append(body);
}

function beginning(id) {
  const words = id === state.app.dm ? `This is between you and ${person(state.app.user).name}.` : `This is the very beginning of ${placeName(id)}.`;
  return h("div", { class: "beginning" }, words);
}

// Commands to try: a press writes one into the field, Enter then sends it.
function hints() {
  if (!state.hints.length) return null;
  const put = (words) => {
    const field = document.getElementById("composer-text");
    field.value = words;
    grow(field);
    field.focus();
  };
  return h("div", { class: "hints", role: "group", "aria-label": "Commands to try" }, h("span", {}, "Try"), ...state.hints.map((each) => h("button", { type: "button", class: "hint-chip", onclick: () => put(each) }, each)));
}
