// From the first request to a page that follows what happens.
import { listen } from "./api.js";
import { loadEmoji } from "./emoji.js";
import { startInspector } from "./inspector.js";
import { startModals } from "./modal.js";
import { notice } from "./notice.js";
import { startPlace } from "./place.js";
import { startSide } from "./side.js";
import { load, on, remember, remembered, setNow, state, tell } from "./state.js";
import { startThread } from "./thread.js";
import { startTop } from "./top.js";

let hangUp = () => {};

async function begin(me) {
  hangUp();
  try {
    await load(me);
  } catch {
    // Somebody of an earlier run, whom the browser still remembers.
    await load("");
  }
  remember("me", state.me);
  hangUp = listen(state.me, heard, () => {
    if (state.online) notice("The demo does not answer. This page goes on when it is back.", { bad: true });
    state.online = false;
  });
}

// At each connection everything is read anew: then nothing that happened in between is missed.
async function connected() {
  const before = state.run;
  await load(state.me);
  if (state.run !== before) {
    location.reload();
    return;
  }
  state.online = true;
  tell("loaded");
  tell("go", placeToGo());
}

function placeToGo() {
  const wanted = state.place ?? remembered("place", "");
  const places = [...state.channels.map((each) => each.id), state.app.dm];
  return places.includes(wanted) ? wanted : places[0];
}

const heard = {
  hello: connected,
  message: (message) => tell("message", message),
  deleted: (what) => tell("deleted", what),
  modals: (stack) => {
    state.modals = stack;
    tell("modals");
  },
  home: (view) => {
    state.home = view;
    tell("home");
  },
  channels: async () => {
    await load(state.me);
    tell("loaded");
  },
  traffic: (entry) => {
    state.traffic.set(entry.id, entry);
    tell("traffic", entry);
  },
  clock: ({ now }) => setNow(now),
};

startTop();
startSide();
startPlace();
startThread();
startModals();
startInspector();
on("act-as", (user) => begin(user));
await loadEmoji();
await begin(remembered("me", ""));
