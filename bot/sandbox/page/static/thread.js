// The thread beside the channel.
import { read } from "./api.js";
import { composer } from "./composer.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { Log } from "./log.js";
import { on, placeName, state } from "./state.js";

const panel = document.getElementById("thread");
let shown = null;

export function startThread() {
  on("thread", open);
  on("message", (message) => {
    if (shown && message.channel === shown.channel && [message.ts, message.thread].includes(shown.ts)) shown.log.put(message);
  });
  on("deleted", ({ channel, ts }) => {
    if (shown?.channel === channel) shown.log.take(ts);
  });
  on("place", close);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });
}

async function open({ channel, ts }) {
  const log = new Log({ label: "Thread", here: "thread" });
  const from = document.activeElement;
  shown = { channel, ts, log, from };
  const write = composer({ channel, thread: ts, label: "Reply…" });
  fill(
    panel,
    h("div", { class: "panel-head" }, h("h2", {}, "Thread"), h("span", { class: "detail" }, placeName(channel)), h("button", { type: "button", class: "tool", "aria-label": "Close the thread", onclick: close }, icon("close"))),
    log.element,
    write,
  );
  panel.hidden = false;
  log.show({ ...(await read("thread", { as: state.me, channel, ts })), older: false });
  write.querySelector("textarea").focus();
}

function close() {
  if (!shown) return;
  const { from } = shown;
  shown = null;
  panel.hidden = true;
  fill(panel);
  if (from?.isConnected) from.focus({ preventScroll: true });
}
