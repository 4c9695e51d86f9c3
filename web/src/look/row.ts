// One row of the grid: an image, and a cell for every column. Rows are used again for other images.
import { className, data, labelOf, loadPhoto, photoNow, prediction, type MapFacts } from "../core/data.js";
import { h } from "../core/dom.js";
import type { Style } from "../core/overlay.js";
import { percent } from "../core/words.js";
import { density, drawCell } from "./draw.js";
import { scoreWords, type Column } from "./images.js";
import { look } from "./state.js";

export interface Cell {
  element: HTMLElement;
  square: HTMLElement;
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
  photo: HTMLElement;
  words: HTMLElement;
  cells: Cell[];
  strips: Strip[];
  /** its place among the rows, and the image; -1 while it shows none */
  at: number;
  image: number;
}

/** A canvas for some columns. Every canvas is a layer of its own to a browser: one for each cell would be too many. */
interface Strip {
  canvas: HTMLCanvasElement;
  first: number;
  count: number;
}

/** Pixels of the screen that a canvas may be wide. */
const WIDEST = 4096;

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
  const note = h("span", { class: "note-none", hidden: true });
  const said = h("div", { class: "said" }, h("span", { hidden: true, "aria-hidden": "true" }), h("span", { class: "class" }), " ", h("span", { class: "p" }));
  const square = h("div", { class: "square" }, note);
  const element = h(
    "div",
    { class: "cell", role: "gridcell", tabindex: -1, "aria-colindex": at + 2, "data-column": at, "data-model": column.model },
    square,
    " ",
    said,
  );
  return { element, square, note, said, column, drawn: "", map: null };
}

/** A row without an image. */
export function emptyRow(columns: readonly Column[], layout: Layout): Row {
  const photo = h("div", { class: "rowphoto", "aria-hidden": "true" });
  const words = h("div", { class: "rowwords" });
  const head = h("div", { class: "rowhead", role: "rowheader", "aria-colindex": 1 }, photo, words);
  const cells = columns.map(emptyCell);
  const most = Math.max(1, Math.floor(WIDEST / density() / (layout.cell + layout.gap)));
  const strips: Strip[] = [];
  for (let first = 0; first < columns.length; first += most) {
    strips.push({ canvas: h("canvas", { class: "strip-canvas", "aria-hidden": "true" }), first, count: Math.min(most, columns.length - first) });
  }
  const element = h("div", { class: "row body", role: "row" }, head, ...cells.map((cell) => cell.element), ...strips.map((strip) => strip.canvas));
  return { element, head, photo, words, cells, strips, at: -1, image: -1 };
}

function sizeStrips(row: Row, layout: Layout): void {
  for (const { canvas, first, count } of row.strips) {
    const wide = count * (layout.cell + layout.gap);
    const [width, height] = [Math.round(wide * density()), Math.round(layout.high * density())];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = `${wide}px`;
      canvas.style.height = `${layout.high}px`;
      canvas.style.left = `${layout.head + layout.gap + first * (layout.cell + layout.gap)}px`;
    } else {
      contextOf(canvas).clearRect(0, 0, width, height);
    }
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return canvas.getContext("2d", { willReadFrequently: true })!;
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
  sizeStrips(row, layout);
  showPhoto(row);
  const about = data.images[image]!;
  row.words.replaceChildren(
    ...[
      about.label !== null && h("div", { class: "label", title: about.label }, labelOf(image)),
      h("div", { class: "filename", title: about.name }, about.name),
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

// The photograph itself stands in the first column: it is decoded already, and no other row shows it.
function showPhoto(row: Row): void {
  const { image } = row;
  const there = photoNow(image);
  row.photo.replaceChildren(...(there ? [there] : []));
  if (there !== undefined) return;
  void loadPhoto(image).then((photo) => photo && row.image === image && row.photo.replaceChildren(photo), () => undefined);
}

function scoreTitle(): string {
  const measure = data.methods[look().method]?.measure ?? "similarity";
  return look().pair ? `${measure} of these two models' maps of this image` : `mean ${measure} between the models' maps of this image`;
}

// Elements are kept and their text is changed: rows are filled while a person scrolls.
function says(cell: Cell, image: number, narrow: boolean): void {
  const { model } = cell.column;
  const [mark, name, p] = cell.said.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
  const said = prediction(model, image);
  const right = said?.right ?? null;
  mark.className = right === null ? "" : right ? "mark yes" : "mark no";
  mark.textContent = right === null ? "" : right ? "✓" : "✗";
  mark.hidden = right === null;
  name.textContent = said ? said.name : "no prediction";
  name.title = said ? className(model, said.index) : "";
  p.textContent = said ? percent(said.p) : "";
  cell.said.classList.toggle("two", narrow);
}

/** A cell in words, for those who do not see it. */
function cellWords(image: number, column: Column, map: MapFacts | null): string {
  const said = prediction(column.model, image);
  const right = !said || said.right === null ? "" : said.right ? ", right" : ", wrong";
  const text = said ? `${said.name} ${percent(said.p)}${right}` : "no prediction";
  const trouble = map?.reason ? `${map.reason}; ` : "";
  // What is seen stands in it as it is seen, for those who speak to their machine.
  return `${data.models[column.model]!.label}, ${data.images[image]!.name}, ${data.methods[column.method]!.label}: ${trouble}${text}`;
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
  const scale = density();
  for (const [i, cell] of row.cells.entries()) {
    if (cell.drawn === key) continue;
    if (enough()) return "stopped";
    const strip = row.strips.find((one) => i < one.first + one.count)!;
    const left = Math.round((i - strip.first) * (layout.cell + layout.gap) * scale);
    const area = { x: left, y: 0, width: Math.round(layout.cell * scale), height: strip.canvas.height };
    const { drawn, map } = drawCell(contextOf(strip.canvas), area, row.image, cell.column, style, later);
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
