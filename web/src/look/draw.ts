// One cell's picture: the photograph at the size that is needed, and the map over it.
import { loadMaps, loadPhoto, mapOf, mapsReady, photoNow, sizeOf, type MapFacts } from "../core/data.js";
import { paint, type Picture, type Style } from "../core/overlay.js";
import type { Column } from "./images.js";

/** A rectangle in pixels. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where a photograph lies in a canvas: as large as can be, in the middle, on whole pixels. */
export function placed(image: number, width: number, height: number): Area {
  const [w, h] = sizeOf(image);
  const scale = Math.min(width / w, height / h);
  const [wide, high] = [Math.max(1, Math.round(w * scale)), Math.max(1, Math.round(h * scale))];
  return { x: Math.floor((width - wide) / 2), y: Math.floor((height - high) / 2), width: wide, height: high };
}

/** Pixels of the screen for one of the page; more than three are not seen. */
export function density(): number {
  return Math.min(3, devicePixelRatio || 1);
}

const KEPT = 96;
const scaled = new Map<string, HTMLCanvasElement>();

// A row shows its photograph once for every column: it is reduced once.
function reduced(image: number, photo: Picture, width: number, height: number): Picture {
  const key = `${image} ${width} ${height}`;
  const found = scaled.get(key);
  if (found) return found;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.imageSmoothingQuality = "high";
  context.drawImage(photo, 0, 0, width, height);
  if (scaled.size >= KEPT) scaled.delete(scaled.keys().next().value!);
  scaled.set(key, canvas);
  return canvas;
}

/** Radius of a photograph's corners. */
const ROUND = 4;

/** Whether a cell is drawn, has no map to be drawn, or waits for its data. */
export type Drawn = "map" | "none" | "waiting";

/** Draw a cell of the grid into a part of a canvas; what is not there yet is asked for, and `later` is called then. */
export function drawCell(
  context: CanvasRenderingContext2D,
  cell: Area,
  image: number,
  column: Column,
  style: Style,
  later: () => void,
): { drawn: Drawn; map: MapFacts | null } {
  const photo = photoNow(image);
  const ready = mapsReady(column.method, image);
  if (photo === undefined) once(`photo ${image}`, () => loadPhoto(image), later);
  if (!ready) once(`${column.method} ${image}`, () => loadMaps(column.method, image), later);
  if (photo === undefined) return { drawn: "waiting", map: null };
  const inside = placed(image, cell.width, cell.height);
  const area = { ...inside, x: cell.x + inside.x, y: cell.y + inside.y };
  const map = mapOf(column.method, image, column.model);
  context.clearRect(cell.x, cell.y, cell.width, cell.height);
  context.save();
  context.beginPath();
  context.roundRect(area.x, area.y, area.width, area.height, ROUND * density());
  context.clip();
  paint(context, area, photo && reduced(image, photo, area.width, area.height), sizeOf(image), map?.tile ?? null, style);
  context.restore();
  const lost = !ready && failed.has(`${column.method} ${image}`);
  return { drawn: ready || lost ? (map?.tile ? "map" : "none") : "waiting", map };
}

const failed = new Set<string>();
const waiting = new Set<string>();

// However many cells wait for the same thing, it is asked for once, and not again where it failed.
function once(key: string, load: () => Promise<unknown>, later: () => void): void {
  if (failed.has(key) || waiting.has(key)) return;
  waiting.add(key);
  load()
    .catch(() => failed.add(key))
    .finally(() => {
      waiting.delete(key);
      later();
    });
}
