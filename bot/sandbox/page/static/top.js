// The bar at the top: whom one acts as, what time it is, light or dark, and the inspector.
import { act } from "./api.js";
import { fill, h } from "./dom.js";
import { icon, mark } from "./icons.js";
import { avatar } from "./message.js";
import { done, notice } from "./notice.js";
import { menu } from "./popover.js";
import { drawer } from "./side.js";
import { now, on, person, remember, remembered, state, tell, zone } from "./state.js";

const bar = document.getElementById("top");

export function startTop() {
  theme(remembered("theme", ""));
  on("loaded", draw);
  on("clock", showTime);
  on("inspector", (open) => document.getElementById("inspect")?.setAttribute("aria-expanded", String(open)));
  setInterval(showTime, 5_000);
}

function draw() {
  const me = person(state.me);
  const role = state.cast.find((each) => each.user === state.me)?.role ?? "";
  const as = h(
    "button",
    { type: "button", class: "top-button as", id: "as", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => menu(as, "Act as", state.cast.map(castItem)) },
    avatar(me.id, 24),
    h("span", { class: "as-words" }, h("span", { class: "wide-only" }, "Acting as "), h("strong", {}, me.name), h("span", { class: "as-role" }, role)),
    icon("chevron", 12),
  );
  const time = h("button", { type: "button", class: "top-button", id: "clock", "aria-haspopup": "menu", "aria-expanded": "false", title: "The demo's clock", onclick: () => menu(time, "The demo's clock", [forward("+1 hour", 1), forward("+1 day", 24), forward("+1 week", 168)]) }, icon("clock", 16), h("span", { id: "clock-words" }), state.can_advance ? icon("chevron", 12) : null);
  if (!state.can_advance) time.disabled = true;
  fill(
    bar,
    h("button", { type: "button", class: "top-button square narrow-only", id: "menu", "aria-label": "Channels", "aria-expanded": "false", "aria-controls": "side", onclick: () => drawer() }, icon("menu")),
    h("div", { class: "brand" }, mark(26), h("h1", {}, state.title)),
    h("div", { class: "top-right" }, time, as, themeButton(), h("button", { type: "button", class: "top-button square", id: "inspect", "aria-label": "Inspector", title: "Inspector: requests and answers", "aria-expanded": "false", "aria-controls": "inspector", onclick: () => tell("inspect") }, icon("bug"))),
  );
  showTime();
}

function castItem({ user, role }) {
  const { name, tz } = person(user);
  return { label: [avatar(user, 24), h("span", { class: "menu-words" }, h("strong", {}, name), h("span", { class: "detail" }, `${role} · ${tz}`))], run: () => tell("act-as", user) };
}

function forward(label, hours) {
  return {
    label,
    run: async () => {
      const answer = await act("advance", state.me, { hours });
      if (done(answer)) notice(`The demo's clock moved forward by ${label.slice(1)}.`);
    },
  };
}

function showTime() {
  const words = document.getElementById("clock-words");
  if (!words || !state.me) return;
  const parts = { timeZone: zone(), weekday: "short", hour: "numeric", minute: "2-digit" };
  words.textContent = new Intl.DateTimeFormat("en-US", window.innerWidth > 900 ? { ...parts, month: "short", day: "numeric" } : parts).format(now());
}

function isDark() {
  const set = document.documentElement.dataset.theme;
  return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
}

function themeButton() {
  const shown = h("button", { type: "button", class: "top-button square", id: "theme" });
  const show = () => {
    const words = isDark() ? "Light colours" : "Dark colours";
    shown.setAttribute("aria-label", words);
    shown.title = words;
    fill(shown, icon(isDark() ? "sun" : "moon"));
  };
  shown.addEventListener("click", () => {
    theme(isDark() ? "light" : "dark");
    remember("theme", document.documentElement.dataset.theme);
    show();
  });
  show();
  return shown;
}
