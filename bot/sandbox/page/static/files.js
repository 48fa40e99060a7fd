// Files: a card to open or download them, and a CSV file as the table that it is.
import { read } from "./api.js";
import { fill, h, plural } from "./dom.js";
import { icon } from "./icons.js";
import { state } from "./state.js";

export function fileCard(file) {
  if (file.gone) return h("div", { class: "file gone" }, icon("file", 24), h("span", {}, "This file was deleted."));
  const url = `files/${encodeURIComponent(file.id)}?${new URLSearchParams({ as: state.me })}`;
  return h(
    "div",
    { class: "file" },
    h("span", { class: "file-icon" }, icon("file", 24)),
    h("div", { class: "file-words" }, h("div", { class: "file-name", title: file.name }, file.title), h("div", { class: "detail" }, `${kind(file.name)} · ${size(file.size)}`)),
    h(
      "div",
      { class: "file-acts" },
      h("button", { type: "button", class: "button small", onclick: () => preview(file, url) }, "Open"),
      h("a", { class: "button small square", href: url, download: file.name, "aria-label": `Download ${file.name}`, title: "Download" }, icon("download", 16)),
    ),
  );
}

function kind(name) {
  const tail = name.split(".").at(-1);
  return tail === name ? "File" : tail.toUpperCase();
}

function size(bytes) {
  if (bytes < 1024) return plural(bytes, "byte");
  return bytes < 1_048_576 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}

async function preview(file, url) {
  const body = h("div", { class: "preview-body", tabindex: "0" }, "Loading…");
  const dialog = h(
    "dialog",
    { class: "preview", "aria-label": file.name, onclose: () => dialog.remove() },
    h(
      "div",
      { class: "modal-head" },
      h("h2", {}, file.name),
      h("a", { class: "button small", href: url, download: file.name }, icon("download", 16), "Download"),
      h("button", { type: "button", class: "tool", "aria-label": "Close", onclick: () => dialog.close() }, icon("close")),
    ),
    body,
  );
  document.body.append(dialog);
  dialog.showModal();
  try {
    const { rows, more } = await read(`files/${encodeURIComponent(file.id)}/rows`, { as: state.me });
    const [head, ...rest] = rows;
    fill(
      body,
      file.name.endsWith(".csv") && head
        ? h("table", { class: "sheet" }, h("thead", {}, h("tr", {}, ...head.map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, ...rest.map((row) => h("tr", {}, ...row.map((each) => h("td", {}, each))))))
        : h("pre", {}, rows.map((each) => each[0]).join("\n")),
      more ? h("p", { class: "detail" }, "The rest is in the download.") : null,
    );
  } catch {
    fill(body, "This file cannot be shown.");
  }
}
