// Dates and times. The calendar is a grid that the arrow keys walk through.
import { confirmed } from "../confirm.js";
import { day, epoch, wall } from "../dates.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { popover } from "../popover.js";
import { now } from "../state.js";
import { held, hold } from "./held.js";
import { pressed } from "./buttons.js";

const DAY = 86_400_000;
const MONTH = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", month: "long", year: "numeric" });
const WHOLE = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", weekday: "long", month: "long", day: "numeric", year: "numeric" });
const SHORT = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", month: "short", day: "numeric", year: "numeric" });

const iso = (at) => new Date(at).toISOString().slice(0, 10);

export function datepicker(block, element, context) {
  const shown = h("button", { class: "button picker", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false" });
  const draw = () => {
    const value = held(block, element, context);
    const words = value ? SHORT.format(Date.parse(value)) : element.placeholder?.text ?? "Select a date";
    fill(shown, icon("calendar", 16), h("span", { class: value ? "label" : "label empty" }, words));
    shown.setAttribute("aria-label", context.label ? `${context.label}: ${words}` : words);
  };
  const picked = async (value) => {
    if (!(await confirmed(element.confirm))) return;
    hold(block, element, context, value);
    draw();
    await pressed(shown, () => context.use(block, element, value));
  };
  shown.addEventListener("click", () =>
    popover(shown, (close) => calendar(held(block, element, context), (value) => { close(); picked(value); }), { label: element.placeholder?.text ?? "Choose a date", width: "264px" }),
  );
  draw();
  return shown;
}

function calendar(value, picked) {
  const today = day(now());
  let at = Date.parse(value ?? today);
  const holder = h("div", { class: "calendar" });
  const move = (to) => {
    at = to;
    draw();
    holder.querySelector("[tabindex='0']").focus();
  };
  const months = (by) => {
    const found = new Date(at);
    const target = new Date(Date.UTC(found.getUTCFullYear(), found.getUTCMonth() + by, 1));
    const last = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
    target.setUTCDate(Math.min(found.getUTCDate(), last));
    return target.getTime();
  };
  const steps = { ArrowLeft: () => at - DAY, ArrowRight: () => at + DAY, ArrowUp: () => at - 7 * DAY, ArrowDown: () => at + 7 * DAY, PageUp: () => months(-1), PageDown: () => months(1) };
  holder.addEventListener("keydown", (event) => {
    if (!steps[event.key] || !event.target.closest("[role=grid]")) return;
    event.preventDefault();
    move(steps[event.key]());
  });
  const draw = () => {
    const month = new Date(at).getUTCMonth();
    const first = Date.UTC(new Date(at).getUTCFullYear(), month, 1);
    const monday = first - ((new Date(first).getUTCDay() + 6) % 7) * DAY;
    const weeks = [];
    for (let from = monday; from === monday || new Date(from).getUTCMonth() === month; from += 7 * DAY) {
      weeks.push(h("tr", {}, ...[0, 1, 2, 3, 4, 5, 6].map((step) => cell(from + step * DAY, month))));
    }
    fill(
      holder,
      h(
        "div",
        { class: "calendar-head" },
        h("button", { type: "button", class: "button square quiet", "aria-label": "Previous month", onclick: () => move(months(-1)) }, icon("back", 16)),
        h("span", { "aria-live": "polite" }, MONTH.format(at)),
        h("button", { type: "button", class: "button square quiet flip", "aria-label": "Next month", onclick: () => move(months(1)) }, icon("back", 16)),
      ),
      h(
        "table",
        { role: "grid", "aria-label": MONTH.format(at) },
        h("thead", {}, h("tr", {}, ...["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"].map((each) => h("th", { scope: "col" }, each)))),
        h("tbody", {}, ...weeks),
      ),
    );
  };
  const cell = (of, month) => {
    const date = iso(of);
    const here = of === at;
    return h(
      "td",
      { role: "gridcell", "aria-selected": date === value ? "true" : "false" },
      h(
        "button",
        { type: "button", class: `day${new Date(of).getUTCMonth() === month ? "" : " other"}${date === today ? " today" : ""}${date === value ? " picked" : ""}`, tabindex: here ? "0" : "-1", "data-first": here, "data-day": date, "aria-label": WHOLE.format(of), onclick: () => picked(date) },
        String(new Date(of).getUTCDate()),
      ),
    );
  };
  draw();
  return holder;
}

export function timepicker(block, element, context) {
  return native(block, element, context, "time", (value) => value ?? "", (typed) => typed || null);
}

export function datetimepicker(block, element, context) {
  return native(block, element, context, "datetime-local", (value) => (value ? wall(value) : ""), (typed) => (typed ? epoch(typed) : null));
}

function native(block, element, context, type, written, read) {
  const field = h("input", { class: "field time", type, "aria-label": context.label ?? element.placeholder?.text ?? "Time", title: element.placeholder?.text });
  field.value = written(held(block, element, context));
  let last = field.value;
  const settle = async () => {
    if (field.value === last) return;
    last = field.value;
    if (!(await confirmed(element.confirm))) return;
    hold(block, element, context, read(field.value));
    await context.use(block, element, read(field.value));
  };
  field.addEventListener("change", () => (field === document.activeElement ? hold(block, element, context, read(field.value)) : settle()));
  field.addEventListener("blur", settle);
  field.addEventListener("keydown", (event) => event.key === "Enter" && settle());
  context.flush?.(settle);
  return field;
}
