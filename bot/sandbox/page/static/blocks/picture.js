// Images. The page asks no other machine for anything, so one of another address is shown as what it says it is.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { text } from "../mrkdwn.js";

export function picture(given, size) {
  const url = given.image_url ?? "";
  const local = url.startsWith("data:image/") || url.startsWith(`${location.origin}/`);
  const shown = local
    ? h("img", { src: url, alt: given.alt_text, loading: "lazy" })
    : h("span", { class: "picture", role: "img", "aria-label": given.alt_text, title: url || "A file of this workspace" }, icon("eye", 16), size === "thumb" ? null : h("span", {}, given.alt_text));
  return h("figure", { class: `image ${size}` }, given.title && size === "wide" ? h("figcaption", {}, ...text(given.title)) : null, shown);
}
