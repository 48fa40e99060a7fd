// Short names of emoji → characters. The table is the server's; until it is there, names stay as they are written.
import { read } from "./api.js";

let table = {};

export async function loadEmoji() {
  table = await read("emoji");
}

const TONE = /^(.+)::skin-tone-([2-6])$/;

export function emoji(name) {
  const toned = TONE.exec(name);
  if (toned) return Object.hasOwn(table, toned[1]) ? table[toned[1]] + String.fromCodePoint(0x1f3f9 + Number(toned[2])) : null;
  return Object.hasOwn(table, name) ? table[name] : null;
}

// Plain text, with :names: as characters.
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/g, (whole, name) => emoji(name) ?? whole);
}
