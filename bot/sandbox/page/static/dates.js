// Moments in a person's zone: Slack's date tokens, and what stands beside messages.
import { now, zone } from "./state.js";

const DAY = 86_400_000;

function format(at, options) {
  return new Intl.DateTimeFormat("en-US", { timeZone: zone(), ...options }).format(at);
}

// YYYY-MM-DD there.
export function day(at) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone(), year: "numeric", month: "2-digit", day: "2-digit" }).format(at);
}

export function clock(at) {
  return format(at, { hour: "numeric", minute: "2-digit" });
}

function ordinal(number) {
  const tail = number % 100 >= 11 && number % 100 <= 13 ? "th" : { 1: "st", 2: "nd", 3: "rd" }[number % 10] ?? "th";
  return `${number}${tail}`;
}

function dated(at, month) {
  const parts = { month: format(at, { month }), day: Number(format(at, { day: "numeric" })), year: format(at, { year: "numeric" }) };
  return month === "short" ? `${parts.month} ${parts.day}, ${parts.year}` : `${parts.month} ${ordinal(parts.day)}, ${parts.year}`;
}

function pretty(at, otherwise) {
  const away = (Date.parse(day(at)) - Date.parse(day(now()))) / DAY;
  return { 0: "today", "-1": "yesterday", 1: "tomorrow" }[away] ?? otherwise;
}

export function ago(at) {
  const seconds = Math.round((at - now()) / 1000);
  const steps = [[60, "second", 1], [3600, "minute", 60], [86_400, "hour", 3600], [Infinity, "day", 86_400]];
  const [, unit, size] = steps.find(([until]) => Math.abs(seconds) < until);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

const TOKENS = {
  date_num: (at) => day(at),
  date: (at) => dated(at, "long"),
  date_short: (at) => dated(at, "short"),
  date_long: (at) => `${format(at, { weekday: "long" })}, ${dated(at, "long")}`,
  date_pretty: (at) => pretty(at, dated(at, "long")),
  date_short_pretty: (at) => pretty(at, dated(at, "short")),
  date_long_pretty: (at) => pretty(at, TOKENS.date_long(at)),
  time: (at) => clock(at),
  time_secs: (at) => format(at, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago,
};

// "{date_short} at {time}" of a moment in epoch seconds; null for a token that Slack does not have.
export function tokens(seconds, pattern) {
  let known = true;
  const text = pattern.replace(/\{(\w+)\}/g, (_, name) => {
    if (TOKENS[name]) return TOKENS[name](seconds * 1000);
    known = false;
    return "";
  });
  return known ? text : null;
}

export function full(at) {
  return `${TOKENS.date_long(at)} at ${TOKENS.time_secs(at)} (${zone()})`;
}

// The line between two days of a channel.
export function heading(at) {
  const said = pretty(at, "");
  if (said) return said[0].toUpperCase() + said.slice(1);
  const year = format(at, { year: "numeric" }) === format(now(), { year: "numeric" }) ? "" : `, ${format(at, { year: "numeric" })}`;
  return `${format(at, { weekday: "long" })}, ${format(at, { month: "long" })} ${ordinal(Number(format(at, { day: "numeric" })))}${year}`;
}

// Wall time there ("YYYY-MM-DDTHH:mm") ↔ epoch seconds.
export function wall(seconds) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone(), hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(seconds * 1000);
  return `${day(seconds * 1000)}T${parts}`;
}

export function epoch(text) {
  const wanted = Date.parse(`${text}Z`);
  let at = wanted;
  for (let turn = 0; turn < 2; turn += 1) at += wanted - Date.parse(`${wall(Math.floor(at / 1000))}Z`);
  return Math.floor(at / 1000);
}
