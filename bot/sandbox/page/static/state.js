// What the page knows, and who wants to hear when it changes.
import { read } from "./api.js";

export const state = {
  run: "", me: "", title: "", now: 0, at: 0, cast: [], people: new Map(), channels: [], app: {}, shortcuts: [], hints: [],
  groups: {}, home: null, modals: [], traffic: new Map(), place: null, unread: new Map(), can_advance: false, online: true,
};

const bus = new EventTarget();

export function on(topic, react) {
  bus.addEventListener(topic, (event) => react(event.detail));
}

export function tell(topic, detail) {
  bus.dispatchEvent(new CustomEvent(topic, { detail }));
}

// The workspace's time, which may be days ahead of this machine's.
export function now() {
  return state.now + (Date.now() - state.at);
}

export function setNow(millis) {
  state.now = millis;
  state.at = Date.now();
  tell("clock");
}

export async function load(me) {
  const found = await read("state", me ? { as: me } : {});
  Object.assign(state, found, {
    people: new Map(found.people.map((each) => [each.id, each])),
    traffic: new Map(found.traffic.map((each) => [each.id, each])),
  });
  setNow(found.now);
}

export function person(id) {
  return state.people.get(id) ?? { id, name: id, handle: id, tz: "UTC" };
}

export function zone() {
  return person(state.me).tz;
}

export function channel(id) {
  return state.channels.find((each) => each.id === id);
}

export function placeName(id) {
  return id === state.app.dm ? person(state.app.user).name : `#${channel(id)?.name ?? id}`;
}

// What a browser may keep for us, where it keeps anything.
export function remembered(key, fallback) {
  try {
    return localStorage.getItem(`pivotal.${key}`) ?? fallback;
  } catch {
    return fallback;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(`pivotal.${key}`, value);
  } catch {
    // A private window: then it holds for this visit.
  }
}
