// The keys of the Look view, listed.
import { h } from "../core/dom.js";

const KEYS: readonly (readonly [string, string])[] = [
  ["← → ↑ ↓", "grid: another cell; in large: another model or image"],
  ["Home End Page↑ Page↓", "grid: first and last column, a window of rows"],
  ["Enter", "open a map in large"],
  ["[ ]", "in large: the method before or after"],
  ["Space", "in large: the photograph alone while it is held"],
  ["Tab to the picture, then ← → ↑ ↓", "in large: move the cross-hair, which reads values"],
  ["Esc", "close"],
  ["/", "search"],
  ["?", "this list"],
];

let dialog: HTMLDialogElement | null = null;

/** Show which keys there are. */
export function keyHelp(): void {
  if (!dialog) {
    const rows = KEYS.map(([key, words]) => h("tr", {}, h("th", { scope: "row" }, key), h("td", {}, words)));
    const close = h("button", { type: "button", onclick: () => dialog!.close() }, "Close");
    dialog = h("dialog", { id: "key-help", "aria-labelledby": "key-title" }, h("div", { class: "sheet" }, h("h2", { id: "key-title" }, "Keys"), h("table", {}, h("tbody", {}, ...rows)), close));
    document.body.append(dialog);
  }
  if (!dialog.open) dialog.showModal();
}
