// Where one types: messages, and commands, whose next words are offered while one does.
import { act, read } from "./api.js";
import { fill, h, newId } from "./dom.js";
import { icon } from "./icons.js";
import { done } from "./notice.js";
import { menu } from "./popover.js";
import { person, state, tell } from "./state.js";

const WAITS = 60;
const LAST = 50;
const said = [];

export function composer({ channel, thread = null, label, id = null }) {
  const list = h("div", { class: "completions", role: "listbox", id: newId("completions"), "aria-label": "Completions", hidden: true });
  const field = h("textarea", {
    id, class: "composer-text", rows: 1, placeholder: label, "aria-label": label, autocomplete: "off", spellcheck: "false",
    role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list", maxlength: 40_000,
  });
  const offer = completions(field, list);
  let recalled = said.length;
  const send = async () => {
    const text = field.value.trim();
    if (!text || field.getAttribute("aria-busy") === "true") return;
    offer.hide();
    field.setAttribute("aria-busy", "true");
    if (!thread) tell("sending", channel);
    const answer = await act("say", state.me, { channel, text, thread });
    field.removeAttribute("aria-busy");
    if (!done(answer) && !answer.error) return;
    if (said.at(-1) !== text) said.push(text);
    said.splice(0, said.length - LAST);
    recalled = said.length;
    if (field.value.trim() === text) field.value = "";
    grow(field);
  };
  field.addEventListener("input", () => {
    grow(field);
    offer.look();
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || offer.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (["ArrowUp", "ArrowDown"].includes(event.key) && (field.value === "" || field.value === said[recalled])) {
      const to = recalled + (event.key === "ArrowUp" ? -1 : 1);
      if (to < 0 || to > said.length) return;
      event.preventDefault();
      recalled = to;
      field.value = said[to] ?? "";
      grow(field);
    }
  });
  field.addEventListener("blur", () => setTimeout(offer.hide, 150));
  const shortcuts = state.shortcuts.filter((each) => each.on === "global");
  const bolt = h("button", { type: "button", class: "tool", "aria-label": "Shortcuts", title: "Shortcuts", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => menu(bolt, "Shortcuts", shortcuts.map(shortcutItem)) }, icon("bolt"));
  return h(
    "div",
    { class: "composer" },
    list,
    h(
      "div",
      { class: "composer-box" },
      field,
      h("div", { class: "composer-row" }, thread || !shortcuts.length ? null : bolt, h("span", { class: "composer-hint" }, "Enter sends, Shift + Enter begins a line, Tab completes"), h("button", { type: "button", class: "tool send", "aria-label": "Send", title: "Send", onclick: send }, icon("send"))),
    ),
  );
}

function shortcutItem({ name, callback_id: ident }) {
  return { label: name, detail: person(state.app.user).name, run: async () => done(await act("shortcut", state.me, { callback_id: ident })) };
}

export function grow(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 180)}px`;
}

// The list above the field. Tab takes what is pointed at; Enter too, once one has walked to it with the arrows.
function completions(field, list) {
  let found = [];
  let here = 0;
  let walked = false;
  let turn = 0;
  let waiting;
  const hide = () => {
    found = [];
    turn += 1;
    clearTimeout(waiting);
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const point = (to) => {
    here = ((to % found.length) + found.length) % found.length;
    [...list.children].forEach((row, index) => {
      row.classList.toggle("here", index === here);
      row.setAttribute("aria-selected", String(index === here));
    });
    field.setAttribute("aria-activedescendant", list.children[here].id);
    list.children[here].scrollIntoView({ block: "nearest" });
  };
  const take = (index) => {
    const before = field.value.slice(0, field.selectionStart);
    const after = field.value.slice(field.selectionStart);
    const word = /(?:"[^"]*"?|\S+)$/.exec(before)?.[0] ?? "";
    const text = found[index].text;
    const start = before.slice(0, before.length - word.length) + text + (after.startsWith(" ") ? "" : " ");
    field.value = start + after;
    field.setSelectionRange(start.length, start.length);
    field.focus();
    hide();
    look();
  };
  const look = () => {
    clearTimeout(waiting);
    const typed = field.value.slice(0, field.selectionStart);
    if (!typed.startsWith("/")) {
      hide();
      return;
    }
    waiting = setTimeout(async () => {
      const mine = (turn += 1);
      const offered = await read("complete", { as: state.me, typed }).catch(() => []);
      if (mine !== turn) return;
      if (!offered.length) {
        hide();
        return;
      }
      found = offered;
      walked = false;
      fill(
        list,
        ...found.map((each, index) =>
          h("div", { class: "completion", role: "option", id: newId("completion"), onpointerdown: (event) => { event.preventDefault(); take(index); } }, h("span", { class: "completion-text" }, each.text), h("span", { class: "detail" }, each.detail)),
        ),
      );
      list.hidden = false;
      field.setAttribute("aria-expanded", "true");
      point(0);
    }, WAITS);
  };
  const key = (event) => {
    if (!found.length) return false;
    const act_ = {
      ArrowDown: () => { walked = true; point(here + 1); },
      ArrowUp: () => { walked = true; point(here - 1); },
      Tab: () => take(here),
      Escape: hide,
      Enter: walked && !event.shiftKey ? () => take(here) : null,
    }[event.key];
    if (!act_) return false;
    event.preventDefault();
    event.stopPropagation();
    act_();
    return true;
  };
  return { look, hide, key };
}
