// Mean maps of a class: one row per model, of all images, of those it gets right and wrong, and the difference.
import { bytesOf, inflated } from "../core/bytes.js";
import { SIGNED_MAPS, TOP_BYTE } from "../core/colour.js";
import { data } from "../core/data.js";
import { h } from "../core/dom.js";
import { DEFAULT_STYLE, paint, type Tile } from "../core/overlay.js";
import { part } from "../core/parts.js";
import { fixed, number } from "../core/words.js";

export type Kind = "all" | "right" | "wrong";
type Entry = [label: number, kind: Kind, count: number, limit: number, at: number];

interface MeansPart {
  columns: ({ signed: boolean; entries: Entry[] } | null)[];
  bytes: string;
}

/** A mean map: values in multiples of an even spread, row by row. */
export interface Mean {
  values: Float32Array;
  count: number;
  signed: boolean;
}

export interface Means {
  of(model: number, label: number, kind: Kind): Mean | null;
}

/** Load the mean maps of a method. */
export async function loadMeans(method: number, cells: number): Promise<Means> {
  const raw = await part<MeansPart>(`classes-${method}`);
  const bytes = await inflated(bytesOf(raw.bytes));
  return {
    of(model, label, kind) {
      const column = raw.columns[model];
      const entry = column?.entries.find((one) => one[0] === label && one[1] === kind);
      if (!column || !entry) return null;
      const [, , count, limit, at] = entry;
      const values = Float32Array.from(bytes.subarray(at, at + cells * cells), (byte) =>
        column.signed ? limit * ((2 * byte) / TOP_BYTE - 1) : (limit * byte) / TOP_BYTE,
      );
      return { values, count, signed: column.signed };
    },
  };
}

/** One mean less another. */
export function difference(one: Mean, other: Mean): Mean {
  return { values: one.values.map((value, i) => value - other.values[i]!), count: Math.min(one.count, other.count), signed: true };
}

/** The highest absolute value of several means, so that they share one scale. */
export function highest(means: (Mean | null)[]): number {
  return Math.max(1e-9, ...means.map((mean) => mean?.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) ?? 0));
}

/** A mean map as a picture, its cells scaled by `limit`. */
function meanFigure(mean: Mean, limit: number, cells: number, words: string, difference = false): HTMLElement {
  const bytes = Uint8Array.from(mean.values, (value) =>
    Math.round(TOP_BYTE * (mean.signed ? Math.min(1, Math.max(0, 0.5 + (0.5 * value) / limit)) : Math.min(1, Math.max(0, value / limit)))),
  );
  const canvas = h("canvas", { width: 192, height: 192, role: "img", "aria-label": words });
  const tile: Tile = { cells: [cells, cells], native: [cells, cells], box: [0, 0, 1, 1], signed: mean.signed, limit, bytes };
  const style = { ...DEFAULT_STYLE, mode: "map" as const, signed: difference ? ("purple–orange" as const) : SIGNED_MAPS[0] };
  paint(canvas.getContext("2d")!, { x: 0, y: 0, width: 192, height: 192 }, null, [1, 1], tile, style);
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.min(cells - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * cells)));
    const row = Math.min(cells - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * cells)));
    canvas.title = `${number(mean.values[row * cells + column]!)} times an even spread`;
  });
  return h("figure", { class: "mean" }, canvas, h("figcaption", {}, difference ? "right − wrong" : `N = ${mean.count}`, h("small", {}, ` to ${fixed(limit, 1)}×`)));
}

/** The rows of mean maps of a class; -1 stands for all classes. */
export function meanRows(means: Means, label: number, cells: number, name: string): HTMLElement {
  const rows = data.models.flatMap((model, m) => {
    const all = means.of(m, label, "all");
    if (!all) return [];
    const right = means.of(m, label, "right");
    const wrong = means.of(m, label, "wrong");
    const shared = highest([all, right, wrong]);
    const less = right && wrong ? difference(right, wrong) : null;
    const cell = (mean: Mean | null, limit: number, kind: string, against = false): HTMLElement =>
      h("td", {}, mean ? meanFigure(mean, limit, cells, `Mean map of ${model.label} for ${name}: ${kind}`, against) : h("span", { class: "quiet" }, "–"));
    return [
      h("tr", {}, h("th", { scope: "row" }, model.label), cell(all, shared, "all images"), cell(right, shared, "right"), cell(wrong, shared, "wrong"), cell(less, highest([less]), "right less wrong", true)),
    ];
  });
  if (!rows.length) return h("p", { class: "note" }, "Too few images have usable maps for a mean.");
  const heads = ["model", "all images", "right only", "wrong only", "difference"];
  const judged = rows.some((row) => row.querySelectorAll("canvas").length > 1);
  const table = h("table", { class: "means" }, h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, ...rows));
  if (!judged) for (const row of [...table.rows]) while (row.cells.length > 2) row.deleteCell(2);
  return judged ? h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Mean maps" }, table) : meanGrid(table);
}

// Without right and wrong apart there is one map a model: they stand side by side.
function meanGrid(table: HTMLTableElement): HTMLElement {
  const plates = [...table.tBodies[0]!.rows].map((row) => h("div", { class: "mean-plate" }, ...row.cells[1]!.childNodes, h("strong", {}, row.cells[0]!.textContent)));
  return h("div", { class: "mean-grid" }, ...plates);
}
