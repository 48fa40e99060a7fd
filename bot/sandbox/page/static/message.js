// One message: who, when, what it says, its files, and what can be done with it.
import { act } from "./api.js";
import { blocks } from "./blocks/index.js";
import { ago, clock, full } from "./dates.js";
import { h, plural } from "./dom.js";
import { emoji } from "./emoji.js";
import { fileCard } from "./files.js";
import { icon, mark } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { done } from "./notice.js";
import { menu } from "./popover.js";
import { person, state, tell } from "./state.js";
import { surfaceOf } from "./surface.js";

export function avatar(id, size = 36) {
  if (id === state.app.user) return h("span", { class: "avatar app" }, mark(size));
  const { name } = person(id);
  const initials = name.split(/\s+/).map((each) => each[0]).slice(0, 2).join("").toUpperCase();
  const hue = [...id].reduce((sum, each) => (sum * 31 + each.codePointAt(0)) % 360, 7);
  return h("span", { class: "avatar", style: { background: `hsl(${hue} 42% 38%)`, width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.38)}px` }, "aria-hidden": "true" }, initials);
}

// following: the message above it is of the same author and moment, so its head is left out. here: "log" or "thread".
export function drawn(message, { following = false, here = "log" } = {}) {
  const { name, bot } = person(message.user);
  const surface = surfaceOf({ channel: message.channel, ts: message.ts }, message, message.ts);
  const head = h(
    "div",
    { class: "by" },
    h("strong", {}, name),
    bot ? h("span", { class: "badge" }, "App") : null,
    h("time", { title: full(message.at), datetime: new Date(message.at).toISOString() }, clock(message.at)),
  );
  const shown = h(
    "article",
    { class: `message${following ? " following" : ""}${message.ephemeral ? " ephemeral" : ""}`, tabindex: "-1", "aria-label": `${name}, ${clock(message.at)}`, "data-ts": message.ts },
    message.ephemeral ? h("div", { class: "only-you" }, icon("eye", 14), h("span", {}, "Only visible to you ·"), dismiss(message)) : null,
    h("div", { class: "gutter" }, following ? h("time", { class: "small-time", "aria-hidden": "true" }, clock(message.at)) : avatar(message.user)),
    h(
      "div",
      { class: "content" },
      following ? null : head,
      message.thread && here === "log" ? h("div", { class: "from-thread" }, "replied to a thread") : null,
      ...(message.blocks.length ? blocks(message.blocks, surface) : message.text ? [h("div", { class: "words" }, ...mrkdwn(message.text), message.edited ? h("span", { class: "edited" }, " (edited)") : null)] : []),
      message.reactions.length ? h("div", { class: "reactions" }, ...message.reactions.map(reaction)) : null,
      message.files.length ? h("div", { class: "files" }, ...message.files.map(fileCard)) : null,
      here === "log" && message.replies.length ? replies(message) : null,
    ),
    tools(message, here),
  );
  return shown;
}

function reaction({ name, users }) {
  const who = users.map((each) => person(each).name).join(", ");
  return h("span", { class: "reaction", title: who }, emoji(name) ?? `:${name}:`, h("span", { class: "hidden" }, `${name}, by `), ` ${users.length}`);
}

function dismiss(message) {
  return h("button", { type: "button", class: "plain", onclick: async () => done(await act("dismiss", state.me, { channel: message.channel, ts: message.ts })) }, "Dismiss");
}

function replies(message) {
  const people = [...new Set(message.replies.map((each) => each.user))].slice(0, 4);
  return h(
    "button",
    { type: "button", class: "replies", onclick: () => tell("thread", message) },
    ...people.map((each) => avatar(each, 22)),
    h("span", { class: "replies-count" }, plural(message.replies.length, "reply", "replies")),
    h("span", { class: "detail" }, `Last reply ${ago(message.replies.at(-1).at)}`),
  );
}

function tools(message, here) {
  const shortcuts = state.shortcuts.filter((each) => each.on === "message");
  const items = shortcuts.map((each) => ({
    label: each.name,
    detail: person(state.app.user).name,
    run: async () => done(await act("shortcut", state.me, { callback_id: each.callback_id, channel: message.channel, ts: message.ts })),
  }));
  const threads = here === "log" && !message.ephemeral && !message.thread;
  if (!threads && (!items.length || message.ephemeral)) return null;
  const more = h("button", { type: "button", class: "tool", "aria-label": "More actions", title: "More actions", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => menu(more, "Message actions", items) }, icon("more"));
  return h(
    "div",
    { class: "tools", role: "group", "aria-label": "Message" },
    threads ? h("button", { type: "button", class: "tool", "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => tell("thread", message) }, icon("chat")) : null,
    items.length && !message.ephemeral ? more : null,
  );
}
