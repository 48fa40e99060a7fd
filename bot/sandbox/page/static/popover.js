// What opens beside a control: menus, calendars. One at a time, in the browser's top layer, gone on Escape and on a click elsewhere.
import { h } from "./dom.js";

let open = null;

// build(close) → content. closed(how) is called once; how is "escape", "outside" or what close() was given.
export function popover(anchor, build, { label, role = "dialog", closed = () => {}, width = null } = {}) {
  open?.close("outside");
  const holder = h("div", { class: "popover", popover: "manual", role, "aria-label": label });
  const close = (how = "done") => {
    if (open?.holder !== holder) return;
    open = null;
    document.removeEventListener("pointerdown", outside, true);
    window.removeEventListener("resize", place);
    document.removeEventListener("scroll", place, true);
    anchor.setAttribute("aria-expanded", "false");
    holder.remove();
    if (how !== "outside" && anchor.isConnected) anchor.focus({ preventScroll: true });
    closed(how);
  };
  const outside = (event) => {
    if (!holder.contains(event.target) && !anchor.contains(event.target)) close("outside");
  };
  const place = () => {
    if (!anchor.isConnected) {
      close("outside");
      return;
    }
    const at = anchor.getBoundingClientRect();
    const size = holder.getBoundingClientRect();
    const below = window.innerHeight - at.bottom - 8;
    const top = below >= size.height || below >= at.top ? at.bottom + 4 : Math.max(8, at.top - size.height - 4);
    holder.style.top = `${Math.round(top)}px`;
    holder.style.left = `${Math.round(Math.max(8, Math.min(at.left, window.innerWidth - size.width - 8)))}px`;
    holder.style.maxHeight = `${Math.round(Math.max(160, window.innerHeight - top - 8))}px`;
  };
  holder.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      close("escape");
    }
    if (event.key === "Tab" && role !== "dialog") close("tab");
  });
  open = { holder, close };
  // Inside a modal dialog everything outside of it is inert.
  (anchor.closest("dialog") ?? document.body).append(holder);
  holder.append(build(close));
  if (width) holder.style.width = width;
  else holder.style.minWidth = `${Math.min(anchor.getBoundingClientRect().width, 320)}px`;
  holder.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  place();
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("scroll", place, true);
  window.addEventListener("resize", place);
  (holder.querySelector("[data-first]") ?? holder.querySelector("button, input, [tabindex]"))?.focus({ preventScroll: true });
  return close;
}

export function closePopover() {
  open?.close("outside");
}

// A menu of actions. items: [{label, run, detail?, danger?}].
export function menu(anchor, label, items) {
  popover(
    anchor,
    (close) => {
      const rows = items.map((each) =>
        h(
          "button",
          { class: `menu-item${each.danger ? " danger" : ""}`, type: "button", role: "menuitem", tabindex: "-1", onclick: () => { close(); each.run(); } },
          h("span", {}, ...[each.label].flat()),
          each.detail ? h("span", { class: "detail" }, ...[each.detail].flat()) : null,
        ),
      );
      rows[0]?.setAttribute("data-first", "");
      return h("div", { class: "menu", onkeydown: (event) => arrows(event, rows) }, ...rows);
    },
    { label, role: "menu" },
  );
}

export function arrows(event, rows) {
  const here = rows.indexOf(document.activeElement);
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  rows.at(((to % rows.length) + rows.length) % rows.length)?.focus();
}
