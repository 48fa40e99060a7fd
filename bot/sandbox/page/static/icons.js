// Line icons, 20 by 20, in the colour of the text around them.
import { s } from "./dom.js";

const PATHS = {
  back: ["M12 4l-6 6 6 6"],
  bolt: ["M11 2L4 11h5l-1 7 7-9h-5z"],
  bug: ["M7 7a3 3 0 0 1 6 0v7a3 3 0 0 1-6 0z", "M7 9H3M13 9h4M7 13H4M13 13h3M8 4L6.5 2.5M12 4l1.5-1.5"],
  calendar: ["M3.5 5h13v11.5h-13z", "M3.5 8.5h13M7 3v3.5M13 3v3.5"],
  chat: ["M3.5 4.5h13v9H10l-4 3v-3H3.5z"],
  check: ["M4 10.5l4 4 8-9"],
  chevron: ["M5 7.5l5 5 5-5"],
  clock: ["M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "M10 6v4l3 2"],
  close: ["M5 5l10 10M15 5L5 15"],
  download: ["M10 3v9.5M6 9l4 4 4-4M4 16.5h12"],
  eye: ["M2.5 10S5 5 10 5s7.5 5 7.5 5-2.5 5-7.5 5-7.5-5-7.5-5z", "M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z"],
  file: ["M5 2.5h7l3.5 3.5v11.5H5z", "M12 2.5V6h3.5M7.5 10.5h5M7.5 13.5h5"],
  hash: ["M8 3L6.5 17M13.5 3L12 17M3.5 7.5h13M3 12.5h13"],
  home: ["M3 9.5L10 3.5l7 6", "M5 8.5v8h4v-4.5h2v4.5h4v-8"],
  lock: ["M5 9h10v8H5z", "M7 9V6.5a3 3 0 0 1 6 0V9"],
  menu: ["M3 5.5h14M3 10h14M3 14.5h14"],
  moon: ["M16 12.5A7 7 0 0 1 7.5 4 7 7 0 1 0 16 12.5z"],
  more: ["M4.5 10h.01M10 10h.01M15.5 10h.01"],
  reply: ["M8 5L3.5 9.5 8 14", "M3.5 9.5h8a5 5 0 0 1 5 5V16"],
  search: ["M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z", "M13 13l4 4"],
  send: ["M3 3.5l14 6.5-14 6.5 2-6.5z", "M5 10h6"],
  sun: ["M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z", "M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M16 4l-1.4 1.4M5.4 14.6L4 16"],
  down: ["M10 4v12M5 11l5 5 5-5"],
  thumb_down: ["M6 4v8l3.5 5c1.5 0 2-1 1.5-2.5L10.5 12H15a1.5 1.5 0 0 0 1.5-1.8l-1-5A1.5 1.5 0 0 0 14 4z", "M3 4h3v8H3z"],
  thumb_up: ["M6 16V8l3.5-5c1.5 0 2 1 1.5 2.5L10.5 8H15a1.5 1.5 0 0 1 1.5 1.8l-1 5A1.5 1.5 0 0 1 14 16z", "M3 16h3V8H3z"],
  trash: ["M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5"],
  warning: ["M10 3l7.5 13.5h-15z", "M10 8v4M10 14.2v.1"],
  info: ["M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "M10 9v5M10 6.2v.1"],
};

export function icon(name, size = 18) {
  const heavy = name === "more" ? 2.6 : 1.5;
  return s(
    "svg",
    {
      class: `icon icon-${name}`, viewBox: "0 0 20 20", width: size, height: size, fill: "none", stroke: "currentColor",
      "stroke-width": heavy, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
    },
    ...PATHS[name].map((d) => s("path", { d })),
  );
}

// The app's own mark.
export function mark(size) {
  return s(
    "svg",
    { class: "mark", viewBox: "0 0 32 32", width: size, height: size, "aria-hidden": "true" },
    s("rect", { width: 32, height: 32, rx: 7, fill: "#0b5c53" }),
    s("path", { d: "M11 24V8h6.2a5 5 0 0 1 0 10H14", fill: "none", stroke: "#fff", "stroke-width": 3, "stroke-linecap": "round", "stroke-linejoin": "round" }),
    s("circle", { cx: 23, cy: 23, r: 2.6, fill: "#7be0c8" }),
  );
}
