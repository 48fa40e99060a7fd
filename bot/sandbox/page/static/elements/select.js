// Menus: static, external (the app is asked at each keystroke), of people and of channels; for one pick or for several.
import { act } from "../api.js";
import { confirmed } from "../confirm.js";
import { fill, h, newId } from "../dom.js";
import { withEmoji } from "../emoji.js";
import { icon } from "../icons.js";
import { popover } from "../popover.js";
import { state } from "../state.js";
import { pressed } from "./buttons.js";
import { held, hold, label, same } from "./held.js";

const WAITS = 120;
const QUERY_DEFAULT = 3;
const SEARCHED_FROM = 8;

export function select(block, element, context) {
  const many = element.type.startsWith("multi_");
  const external = element.type.includes("external");
  const source = external ? asked(block, element, context) : listed(element);
  const most = element.max_selected_items ?? Infinity;
  const shown = h("button", { class: `button select${many ? " many" : ""}`, type: "button", "aria-haspopup": "listbox", "aria-expanded": "false" });
  const current = () => [held(block, element, context) ?? []].flat().map((each) => asOption(element, each));
  const draw = () => {
    const picked = current();
    const empty = element.placeholder?.text ?? (many ? "Select options" : "Select an option");
    const words = picked.length ? picked.map((each) => withEmoji(label(each))) : [withEmoji(empty)];
    const parts = many && picked.length ? words.map((each) => h("span", { class: "chip" }, each)) : [h("span", { class: picked.length ? "label" : "label empty" }, words[0])];
    fill(shown, h("span", { class: "picked" }, ...parts), icon("chevron", 14));
    shown.setAttribute("aria-label", [context.label ?? empty, ...(picked.length ? words : [])].join(", "));
  };
  const settle = async (picked) => {
    if (!(await confirmed(element.confirm))) return;
    const value = many ? picked.map((each) => each.raw ?? each) : picked[0]?.raw ?? picked[0];
    hold(block, element, context, value);
    draw();
    await pressed(shown, () => context.use(block, element, value));
  };
  shown.addEventListener("click", () => {
    const before = current();
    let picked = [...before];
    popover(
      shown,
      (close) =>
        listbox({
          label: element.placeholder?.text ?? "Options", many, source, search: external || source.size >= SEARCHED_FROM,
          is: (option) => picked.some((each) => same(each, option)),
          toggle: (option) => {
            if (!many) {
              close();
              if (!same(option, before[0])) settle([option]);
              return;
            }
            if (picked.some((each) => same(each, option))) picked = picked.filter((each) => !same(each, option));
            else if (picked.length < most) picked = [...picked, option];
          },
          clear: many ? () => { picked = []; } : null,
          done: close,
        }),
      {
        label: element.placeholder?.text ?? "Options",
        closed: (how) => {
          const changed = picked.length !== before.length || picked.some((each, index) => !same(each, before[index]));
          if (many && changed && how !== "escape") settle(picked);
        },
      },
    );
  });
  draw();
  return shown;
}

// The list itself, under a field to search it. Focus stays in the field (or on the list); aria-activedescendant tells where one is.
function listbox({ label: named, many, source, search, is, toggle, clear, done }) {
  const list = h("div", { class: "options", role: "listbox", id: newId("list"), "aria-label": named, "aria-multiselectable": many ? "true" : null, tabindex: search ? null : "0", "data-first": !search });
  const field = search
    ? h("input", { class: "field search", type: "text", role: "combobox", placeholder: "Search", "aria-label": `Search: ${named}`, "aria-controls": list.id, "aria-expanded": "true", "aria-autocomplete": "list", autocomplete: "off", "data-first": "" })
    : null;
  const driver = field ?? list;
  let rows = [];
  let here = -1;
  const point = (to) => {
    here = rows.length ? ((to % rows.length) + rows.length) % rows.length : -1;
    rows.forEach(({ row }, index) => row.classList.toggle("here", index === here));
    if (here >= 0) {
      driver.setAttribute("aria-activedescendant", rows[here].row.id);
      rows[here].row.scrollIntoView({ block: "nearest" });
    } else driver.removeAttribute("aria-activedescendant");
  };
  const pick = (index) => {
    toggle(rows[index].option);
    rows.forEach(({ row, option }) => row.setAttribute("aria-selected", is(option) ? "true" : "false"));
    point(index);
  };
  const draw = ({ groups, said }) => {
    rows = [];
    fill(
      list,
      ...groups.map(({ label: heading, options }) => {
        const drawn = options.map((option) => {
          const index = rows.length;
          const row = h(
            "div",
            { class: "option", role: "option", id: newId("option"), "aria-selected": is(option) ? "true" : "false", onpointerdown: (event) => event.preventDefault(), onclick: () => pick(index), onpointermove: () => here !== index && point(index) },
            h("span", { class: "tick" }, icon("check", 14)),
            h("span", {}, h("span", {}, withEmoji(label(option))), option.description ? h("span", { class: "detail" }, withEmoji(option.description.text)) : null),
          );
          rows.push({ row, option });
          return row;
        });
        return heading ? h("div", { role: "group", "aria-label": heading }, h("div", { class: "option-group", "aria-hidden": "true" }, heading), ...drawn) : drawn;
      }),
      rows.length ? null : h("div", { class: "no-option" }, said ?? "No results"),
    );
    point(Math.max(0, rows.findIndex(({ option }) => is(option))));
  };
  let turn = 0;
  const look = async (words) => {
    const mine = (turn += 1);
    const found = await source.find(words);
    if (mine === turn && list.isConnected) draw(found);
  };
  let waiting;
  field?.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => look(field.value), source.remote ? WAITS : 0);
  });
  driver.addEventListener("keydown", (event) => {
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, ...(field ? {} : { Home: 0, End: rows.length - 1 }) }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      point(to);
    } else if (event.key === "Enter" || (!field && event.key === " ")) {
      event.preventDefault();
      if (here >= 0) pick(here);
    } else if (event.key === "Tab" && many) {
      done();
    } else if (!field && event.key.length === 1) {
      const found = rows.findIndex(({ option }, index) => index > here && label(option).toLowerCase().startsWith(event.key.toLowerCase()));
      if (found >= 0) point(found);
    }
  });
  const foot = many
    ? h("div", { class: "options-foot" }, h("button", { type: "button", class: "button small", onclick: () => { clear(); rows.forEach(({ row }) => row.setAttribute("aria-selected", "false")); } }, "Clear"), h("button", { type: "button", class: "button small primary", onclick: () => done() }, "Done"))
    : null;
  queueMicrotask(() => (source.remote ? draw({ groups: [], said: "Loading…" }) : null) ?? look(""));
  return h("div", { class: "listbox" }, field, list, foot);
}

function matching(groups, words) {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return groups;
  return groups
    .map((group) => ({ ...group, options: group.options.filter((each) => label(each).toLowerCase().includes(wanted)) }))
    .filter((group) => group.options.length);
}

function grouped({ options, option_groups: groups }) {
  return groups ? groups.map((each) => ({ label: each.label.text, options: each.options })) : [{ options: options ?? [] }];
}

function listed(element) {
  const groups = grouped(element.options || element.option_groups ? element : { options: known(element) });
  return { remote: false, size: groups.reduce((sum, each) => sum + each.options.length, 0), find: async (words) => ({ groups: matching(groups, words) }) };
}

function asked(block, element, context) {
  const least = element.min_query_length ?? QUERY_DEFAULT;
  return {
    remote: true,
    size: Infinity,
    find: async (words) => {
      if (words.length < least) return { groups: [], said: `Type ${least} or more characters` };
      const told = { surface: context.surface, block_id: block.block_id, action_id: element.action_id, typed: words };
      const found = await act("options", state.me, told);
      return { groups: grouped(found).filter((each) => each.options.length) };
    },
  };
}

// People and channels: filled by Slack itself, and sent as ids.
function known(element) {
  const option = (id, words) => ({ value: id, text: { type: "plain_text", text: words }, raw: id });
  if (element.type.includes("users")) return [...state.people.values()].filter((each) => !each.bot).map((each) => option(each.id, each.name));
  const filter = element.filter ?? {};
  const kinds = element.type.includes("channels_select") ? ["public"] : filter.include ?? ["public", "private", "im", "mpim"];
  const found = state.channels
    .filter((each) => kinds.includes(each.kind) && !(filter.exclude_external_shared_channels && each.shared))
    .map((each) => option(each.id, `# ${each.name}`));
  if (kinds.includes("im") && !filter.exclude_bot_users) found.push(option(state.app.dm, state.people.get(state.app.user).name));
  return found;
}

function asOption(element, held_) {
  if (typeof held_ !== "string") return held_;
  return known(element).find((each) => each.value === held_) ?? { value: held_, text: { text: held_ }, raw: held_ };
}
