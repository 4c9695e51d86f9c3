// The keyboard, and the sheet that tells of it.
import { h } from "../core/dom.js";
import { openSheet } from "./sheet.js";

const KEYS: [string, string][] = [
  ["D", "choose photographs"],
  ["M", "choose models"],
  ["X", "choose methods"],
  ["T", "choose the class that is explained"],
  ["S", "save"],
  ["← ↑ ↓ →", "move over the board, or between maps in the large view"],
  ["Home End", "first and last model of a row"],
  ["Enter", "open a map in large; compute a stopped one again"],
  ["Escape", "close; cancel what is computed"],
  ["?", "these keys"],
];

export function openKeys(): void {
  const rows = KEYS.flatMap(([key, does]) => [h("dt", {}, ...key.split(" ").flatMap((one) => [h("kbd", {}, one), " "])), h("dd", {}, does)]);
  openSheet("small", "Keys", [h("dl", { class: "keys" }, ...rows)]);
}

/** Single letters do what they stand for, unless something is being typed. */
export function startKeys(actions: Record<string, () => void>, blocked: () => boolean): void {
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented || blocked()) return;
    if (event.target instanceof Element && event.target.closest("input:not([type=checkbox], [type=range]), select, textarea")) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
