// One row of the grid: an image, and a cell for every column. Rows are used again for other images.
import { className, data, labelOf, percent, prediction, type MapFacts } from "../core/data.js";
import { h } from "../core/dom.js";
import type { Style } from "../core/overlay.js";
import { drawCell, fit } from "./draw.js";
import { scoreWords, type Column } from "./images.js";
import { look } from "./state.js";

export interface Cell {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  note: HTMLElement;
  said: HTMLElement;
  column: Column;
  /** what is on the canvas; empty where that is nothing */
  drawn: string;
  map: MapFacts | null;
}

export interface Row {
  element: HTMLElement;
  head: HTMLElement;
  photo: HTMLCanvasElement;
  words: HTMLElement;
  cells: Cell[];
  /** its place among the rows, and the image; -1 while it shows none */
  at: number;
  image: number;
  photoDrawn: string;
}

/** Measures of the grid, in pixels of the page. */
export interface Layout {
  head: number;
  cell: number;
  /** of a cell's canvas */
  high: number;
  /** of the photograph in the first column */
  photo: [number, number];
  row: number;
  gap: number;
  narrow: boolean;
}

function emptyCell(column: Column, at: number): Cell {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const note = h("span", { class: "note-none", hidden: true });
  const said = h("div", { class: "said" });
  const element = h(
    "div",
    { class: "cell", role: "gridcell", tabindex: -1, "aria-colindex": at + 2, "data-column": at, "data-model": column.model },
    h("div", { class: "square" }, canvas, note),
    said,
  );
  return { element, canvas, note, said, column, drawn: "", map: null };
}

/** A row without an image. */
export function emptyRow(columns: readonly Column[]): Row {
  const photo = h("canvas", { "aria-hidden": "true" });
  const words = h("div", { class: "rowwords" });
  const head = h("div", { class: "rowhead", role: "rowheader", "aria-colindex": 1 }, photo, words);
  const cells = columns.map(emptyCell);
  const element = h("div", { class: "row body", role: "row" }, head, ...cells.map((cell) => cell.element));
  return { element, head, photo, words, cells, at: -1, image: -1, photoDrawn: "" };
}

/** Have a row show an image at a place; its canvases are drawn by `drawRow`. */
export function fill(row: Row, at: number, image: number, layout: Layout): void {
  const other = row.image !== image;
  row.element.style.top = `${at * layout.row}px`;
  row.element.setAttribute("aria-rowindex", String(at + 2));
  if (row.at !== at || other) {
    row.element.dataset["at"] = String(at);
    row.element.dataset["image"] = String(image);
  }
  row.at = at;
  row.image = image;
  if (!other) return;
  row.photoDrawn = "";
  const about = data.images[image]!;
  row.words.replaceChildren(
    ...[
      about.label !== null && h("div", { class: "label", title: about.label }, labelOf(image)),
      h("div", { class: "file", title: about.name }, about.name),
      scoreWords(look(), image) && h("div", { class: "score", title: scoreTitle() }, scoreWords(look(), image)),
    ].filter((line) => line instanceof Node),
  );
  for (const cell of row.cells) {
    cell.drawn = "";
    cell.map = null;
    delete cell.element.dataset["drawn"];
    cell.note.hidden = true;
    says(cell, image, layout.narrow);
    cell.element.setAttribute("aria-label", cellWords(image, cell.column, null));
  }
}

function scoreTitle(): string {
  const measure = data.methods[look().method]?.measure ?? "similarity";
  return look().pair ? `${measure} of these two models' maps of this image` : `mean ${measure} between the models' maps of this image`;
}

function says(cell: Cell, image: number, narrow: boolean): void {
  const { model } = cell.column;
  const said = prediction(model, image);
  if (!said) return cell.said.replaceChildren(h("span", { class: "class" }, "no prediction"));
  const mark = said.right !== null && h("span", { class: said.right ? "mark yes" : "mark no" }, said.right ? "✓" : "✗");
  const name = h("span", { class: "class", title: className(model, said.index) }, said.name);
  const p = h("span", { class: "p" }, percent(said.p));
  cell.said.replaceChildren(...[mark, name, p].filter((part) => part instanceof Node));
  cell.said.classList.toggle("two", narrow);
}

/** A cell in words, for those who do not see it. */
export function cellWords(image: number, column: Column, map: MapFacts | null): string {
  const said = prediction(column.model, image);
  const right = !said || said.right === null ? "" : said.right ? ", right" : ", wrong";
  const text = said ? `predicts ${said.name}, ${percent(said.p)}${right}` : "no prediction";
  const trouble = map?.reason ? `; map: ${map.reason}` : "";
  return `${data.models[column.model]!.label}, ${data.images[image]!.name}, ${data.methods[column.method]!.label}: ${text}${trouble}`;
}

/** Draw what is not drawn yet of a row, until `enough` says so; whether all of it is there, or is waited for. */
export function drawRow(
  row: Row,
  layout: Layout,
  style: Style,
  version: number,
  later: () => void,
  enough: () => boolean,
): "all" | "waiting" | "stopped" {
  const key = `${row.image} ${version}`;
  let all: "all" | "waiting" = "all";
  if (row.photoDrawn !== key) {
    fit(row.photo, ...layout.photo);
    row.photo.style.width = `${layout.photo[0]}px`;
    row.photo.style.height = `${layout.photo[1]}px`;
    if (drawCell(row.photo, row.image, null, style, later).drawn === "waiting") all = "waiting";
    else row.photoDrawn = key;
  }
  for (const cell of row.cells) {
    if (cell.drawn === key) continue;
    if (enough()) return "stopped";
    fit(cell.canvas, layout.cell, layout.high);
    const { drawn, map } = drawCell(cell.canvas, row.image, cell.column, style, later);
    if (drawn === "waiting") {
      all = "waiting";
      continue;
    }
    cell.drawn = key;
    cell.map = map;
    cell.element.dataset["drawn"] = drawn;
    const missing = drawn === "none";
    cell.note.hidden = !missing;
    cell.element.classList.toggle("hatched", missing);
    if (!missing) continue;
    const reason = map?.reason || "its file is missing";
    cell.note.replaceChildren(h("b", {}, reason));
    cell.note.title = map?.why || reason;
    cell.element.setAttribute("aria-label", cellWords(row.image, cell.column, map));
  }
  return all;
}
