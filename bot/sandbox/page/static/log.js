// The messages of one place, oldest first: drawn by their ts, more of them on the way up, and held at the foot while one reads there.
import { heading, day } from "./dates.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { drawn } from "./message.js";
import { redrawn } from "./surface.js";

const TOGETHER = 5 * 60_000;
const NEAR = 60;
const KEPT = 240;

export class Log {
  // older: ts → {messages, older} before it; null where all is there at once.
  constructor({ label, here = "log", older = null, empty = null }) {
    this.here = here;
    this.older = older;
    this.messages = new Map();
    this.nodes = new Map();
    this.list = h("div", { class: "log-list", role: "log", "aria-label": label, "aria-live": "polite", "aria-relevant": "additions" });
    this.more = h("button", { type: "button", class: "button small load", hidden: true, onclick: () => this.load() }, "Show older messages");
    this.empty = empty;
    this.jump = h("button", { type: "button", class: "button small jump", hidden: true, onclick: () => this.toEnd() }, icon("down", 14), "New messages");
    this.scroller = h("div", { class: "log", tabindex: "0", role: "region", "aria-label": label, onscroll: () => this.scrolled() }, this.more, this.empty, this.list);
    this.stuck = true;
    // While one reads at the foot, it stays there whatever grows: pictures of the newest messages are drawn a moment later.
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(this.list);
    this.element = h("div", { class: "log-frame" }, this.scroller, this.jump);
  }

  show({ messages, older }) {
    this.messages = new Map(messages.map((each) => [each.ts, each]));
    this.more.hidden = !older;
    this.nodes.clear();
    this.redraw();
    this.toEnd();
  }

  redraw() {
    const rows = [];
    let above = null;
    for (const message of this.sorted()) {
      rows.push(...this.lineBetween(above, message), this.node(message, above));
      above = message;
    }
    fill(this.list, ...rows);
    if (this.empty) this.empty.hidden = !this.more.hidden;
  }

  sorted() {
    return [...this.messages.values()].sort((one, other) => order(one.ts, other.ts));
  }

  node(message, above) {
    const fresh = drawn(message, { following: follows(above, message), here: this.here });
    this.nodes.set(message.ts, fresh);
    return fresh;
  }

  lineBetween(above, message) {
    if (above && day(above.at) === day(message.at)) return [];
    return [h("div", { class: "day-line", role: "separator", "aria-label": heading(message.at) }, h("span", {}, heading(message.at)))];
  }

  // A message that is new, or says something else now.
  put(message) {
    const atEnd = this.isAtEnd();
    const known = this.nodes.get(message.ts);
    this.messages.set(message.ts, message);
    if (known) {
      const fresh = drawn(message, { following: known.classList.contains("following"), here: this.here });
      this.nodes.set(message.ts, fresh);
      // What one pressed stays where it is, so a message that grows in place does so downwards.
      this.stuck = false;
      redrawn(known, fresh);
      return;
    }
    const all = this.sorted();
    const above = all[all.indexOf(message) - 1] ?? null;
    if (all.at(-1) === message) {
      this.list.append(...this.lineBetween(above, message), this.node(message, above));
      if (atEnd) this.trim(all);
    } else {
      this.redraw();
    }
    if (!atEnd) this.jump.hidden = false;
    else if (this.height(message.ts) > this.scroller.clientHeight) this.toTopOf(message.ts);
    else this.toEnd();
  }

  take(ts) {
    if (!this.messages.delete(ts)) return;
    this.nodes.delete(ts);
    const atEnd = this.isAtEnd();
    this.redraw();
    if (atEnd) this.toEnd();
  }

  // While nobody looks at what is far above, it need not be drawn.
  trim(all) {
    if (!this.older || all.length <= KEPT + 60) return;
    for (const each of all.slice(0, all.length - KEPT)) this.messages.delete(each.ts);
    this.more.hidden = false;
    this.redraw();
  }

  prepend(messages) {
    const first = this.sorted()[0];
    const rows = [];
    let above = null;
    for (const message of messages) {
      this.messages.set(message.ts, message);
      rows.push(...this.lineBetween(above, message), this.node(message, above));
      above = message;
    }
    if (first && above) {
      const old = this.nodes.get(first.ts);
      if (day(above.at) === day(first.at)) this.list.querySelector(".day-line")?.remove();
      old.replaceWith(this.node(first, above));
    }
    this.list.prepend(...rows);
    if (this.empty) this.empty.hidden = !this.more.hidden;
  }

  async load() {
    if (this.loading || this.more.hidden) return;
    this.loading = true;
    this.more.setAttribute("aria-busy", "true");
    const first = this.sorted()[0];
    const found = await this.older(first?.ts ?? "");
    const below = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.more.hidden = !found.older;
    this.prepend(found.messages);
    this.scroller.scrollTop = this.scroller.scrollHeight - below;
    this.more.removeAttribute("aria-busy");
    this.loading = false;
  }

  scrolled() {
    this.stuck = this.isAtEnd();
    if (this.stuck) this.jump.hidden = true;
    if (this.older && this.scroller.scrollTop < NEAR) this.load();
  }

  isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  toEnd() {
    this.jump.hidden = true;
    this.stuck = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  height(ts) {
    const node = this.nodes.get(ts);
    node.style.contentVisibility = "visible"; // what has not been in sight yet has no height of its own
    return node.offsetHeight;
  }

  // One that is taller than the window is read from its beginning.
  toTopOf(ts) {
    this.stuck = false;
    this.nodes.get(ts).scrollIntoView({ block: "start" });
  }
}

function follows(above, message) {
  return Boolean(above) && above.user === message.user && message.at - above.at < TOGETHER && !above.ephemeral && !message.ephemeral && !message.thread && day(above.at) === day(message.at);
}

// A ts as text: longer seconds are later, and so on.
export function order(one, other) {
  return one.length - other.length || (one < other ? -1 : one > other ? 1 : 0);
}
