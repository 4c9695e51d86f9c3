// The rows as a table, for those who do not see the heat map, and as a file.
import { h } from "../core/dom.js";
import { saveCsv } from "../core/save.js";
import { className, MISSING } from "./data.js";
import type { Acts, Shown } from "./shown.js";
import { valueText } from "./words.js";

/** So many rows of the order stand in the table. */
const MOST = 100;

export interface TableView {
  element: HTMLElement;
  update(shown: Shown): void;
}

export function makeTable(acts: Acts): TableView {
  const save = h("button", { type: "button", class: "save", "aria-label": "Save the measures of these images as CSV" }, "CSV");
  const body = h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "Images with their measures" });
  const element = h("details", { class: "as-table", id: "learning-table" }, h("summary", {}, "The rows as a table"), h("p", { class: "saves" }, save), body);
  let now: Shown | null = null;

  function fill(): void {
    if (!now || !element.open) return;
    const { run, about, measures, rows, at } = now;
    const heads = ["image", "true class", `epoch ${run.epochs[at]}`, ...about.map((one) => one.title)];
    const lines = [...rows.order.subarray(0, MOST)].map((image) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, h("button", { type: "button", class: "sort", onclick: () => acts.change({ open: image }) }, run.ids[image])),
        h("td", {}, run.labels[image] === MISSING ? "–" : className(run, run.labels[image])),
        h("td", {}, className(run, run.predictions[at]?.[image] ?? MISSING)),
        ...about.map((one) => h("td", { class: "n" }, valueText(one, measures[one.name][image]))),
      ),
    );
    const table = h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((head, i) => h("th", { scope: "col", class: i > 2 ? "n" : null }, head)))), h("tbody", {}, ...lines));
    const left = rows.order.length - lines.length;
    body.replaceChildren(table, left > 0 ? h("p", { class: "quiet" }, `and ${left.toLocaleString("en")} more in this order; the CSV has all of them`) : "");
  }

  save.addEventListener("click", () => {
    if (!now) return;
    const { run, about, measures, rows } = now;
    const value = (one: number): number | null => (Number.isFinite(one) ? one : null);
    const last = run.predictions[now.range[1]];
    saveCsv(
      [
        ["image", "true class", "final prediction", ...about.map((one) => one.title)],
        ...[...rows.order].map((image) => [run.ids[image], run.labels[image] === MISSING ? "" : className(run, run.labels[image]), className(run, last?.[image] ?? MISSING), ...about.map((one) => value(measures[one.name][image]))]),
      ],
      "learning",
    );
  });
  element.addEventListener("toggle", fill);
  return {
    element,
    update(shown) {
      now = shown;
      fill();
    },
  };
}
