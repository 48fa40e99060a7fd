// The left side: channels, the app with its Home tab, and which of them one is in.
import { fill, h } from "./dom.js";
import { icon, mark } from "./icons.js";
import { on, person, state, tell } from "./state.js";

const side = document.getElementById("side");

export function startSide() {
  for (const topic of ["loaded", "place", "unread"]) on(topic, draw);
  side.addEventListener("keydown", (event) => {
    if (event.key === "Escape") drawer(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (document.body.classList.contains("drawer") && !side.contains(event.target) && !event.target.closest("#menu")) drawer(false);
  });
}

// On a narrow window the left side is a drawer.
export function drawer(open = !document.body.classList.contains("drawer")) {
  document.body.classList.toggle("drawer", open);
  document.getElementById("menu")?.setAttribute("aria-expanded", String(open));
  if (open) side.querySelector("[aria-current]")?.focus();
}

function draw() {
  const channels = [...state.channels].sort((one, other) => one.name.localeCompare(other.name));
  fill(
    side,
    h("h2", {}, "Channels"),
    h("ul", {}, ...channels.map((each) => row(each.id, icon(each.kind === "public" ? "hash" : "lock", 16), each.name, each.shared ? h("span", { class: "tag", title: "Shared with people outside the company" }, "external") : null))),
    h("h2", {}, "Apps"),
    h("ul", {}, row(state.app.dm, mark(20), person(state.app.user).name)),
    h("p", { class: "side-note" }, "Everything here is on this machine. No Slack workspace is involved."),
  );
}

function row(id, look, name, tag = null) {
  const here = state.place === id;
  const unread = state.unread.get(id) ?? 0;
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: `place-row${here ? " here" : ""}${unread ? " unread" : ""}`, "aria-current": here ? "page" : null, onclick: () => { drawer(false); tell("go", id); } },
      look,
      h("span", { class: "place-name" }, name),
      tag,
      unread ? h("span", { class: "count", "aria-label": `${unread} new` }, String(unread)) : null,
    ),
  );
}
