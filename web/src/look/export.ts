// A map as a picture with a caption, and its cells as a table.
import { data, labelOf, prediction, sizeOf, type MapFacts } from "../core/data.js";
import { paint, readingAt, type Picture, type Style } from "../core/overlay.js";
import { fileName, saveCanvas, saveCsv } from "../core/save.js";
import type { Plate } from "../core/stage.js";
import { percent } from "../core/words.js";
import type { Column } from "./images.js";
import { explains } from "./readout.js";

/** One map of those that are shown, and whose it is. */
export interface Shown extends Plate {
  column: Column;
  map: MapFacts;
}

const SCALE = 3;
const WIDTH = 480;

function nameOf(image: number, plates: readonly Shown[]): string {
  return fileName(data.images[image]!.name, ...plates.map((plate) => plate.title));
}

function captions(image: number, plate: Shown): string[] {
  const said = prediction(plate.column.model, image);
  const right = said?.right === null || !said ? "" : said.right ? " (right)" : " (wrong)";
  const what = plate.map.tile ? `explains ${explains(plate.column, plate.map)}` : plate.map.reason;
  return [plate.title, said ? `predicts ${said.name} ${percent(said.p)}${right}` : "", what].filter(Boolean);
}

function drawn(image: number, plates: readonly Shown[], photo: Picture | null, style: Style): HTMLCanvasElement {
  const [w, h] = sizeOf(image);
  const scale = Math.min(WIDTH / w, WIDTH / h);
  const [wide, high] = [Math.round(w * scale), Math.round(h * scale)];
  const lines = 4;
  const canvas = document.createElement("canvas");
  canvas.width = SCALE * (plates.length * (wide + 16) + 16);
  canvas.height = SCALE * (high + 32 + 18 * lines);
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#ffffff"; // figures go to papers
  context.fillRect(0, 0, canvas.width, canvas.height);
  plates.forEach((plate, i) => {
    const x = SCALE * (16 + i * (wide + 16));
    paint(context, { x, y: SCALE * 16, width: SCALE * wide, height: SCALE * high }, photo, [w, h], plate.tile, style);
    const file = i === 0 ? [labelOf(image), data.images[image]!.name].filter(Boolean).join(" · ") : "";
    [...captions(image, plate), file].forEach((line, k) => {
      context.fillStyle = k === 0 ? "#1b1c20" : "#5f626b";
      context.font = `${k === 0 ? 600 : 400} ${SCALE * 13}px system-ui, sans-serif`;
      context.fillText(line, x, SCALE * (high + 36 + 18 * k), SCALE * wide);
    });
  });
  return canvas;
}

/** Save maps over their photograph as a PNG, three pixels for each of the page's, with captions. */
export function savePlates(image: number, plates: readonly Shown[], photo: Picture | null, style: Style): void {
  saveCanvas(drawn(image, plates, photo, style), nameOf(image, plates));
}

/** Save the cells of a map: where each lies in the photograph, and its value in the map's own units. */
export function saveCells(image: number, shown: Shown): void {
  const { tile } = shown.map;
  if (!tile) return;
  const [rows, columns] = tile.cells;
  const [left, top, right, bottom] = tile.box;
  const size = sizeOf(image);
  const table: (string | number | null)[][] = [["row", "column", "left", "top", "right", "bottom", "value"]];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const [x0, x1] = [c, c + 1].map((at) => left + ((right - left) * at) / columns) as [number, number];
      const [y0, y1] = [r, r + 1].map((at) => top + ((bottom - top) * at) / rows) as [number, number];
      const value = readingAt(tile, size, (x0 + x1) / 2 / size[0], (y0 + y1) / 2 / size[1])?.value ?? null;
      const edges = [x0, y0, x1, y1].map((edge) => Number(edge.toFixed(2)));
      table.push([r + 1, c + 1, ...edges, value === null ? null : Number(value.toPrecision(tile.rest ? 4 : 2))]);
    }
  }
  saveCsv(table, nameOf(image, [shown]));
}
