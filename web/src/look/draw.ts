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

/** Give a canvas a size in pixels of the page; whatever is on it is gone where that changes. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): void {
  const [wide, high] = [Math.round(width * density()), Math.round(height * density())];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
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

/** Whether a cell is drawn, has no map to be drawn, or waits for its data. */
export type Drawn = "map" | "none" | "waiting";

/** Draw a cell of the grid; what is not there yet is asked for, and `later` is called when it has come. */
export function drawCell(
  canvas: HTMLCanvasElement,
  image: number,
  column: Column | null,
  style: Style,
  later: () => void,
): { drawn: Drawn; map: MapFacts | null } {
  const photo = photoNow(image);
  const ready = column === null || mapsReady(column.method, image);
  if (photo === undefined) once(`photo ${image}`, () => loadPhoto(image), later);
  if (!ready) once(`${column.method} ${image}`, () => loadMaps(column.method, image), later);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (photo === undefined) return { drawn: "waiting", map: null };
  const area = placed(image, canvas.width, canvas.height);
  const map = column ? mapOf(column.method, image, column.model) : null;
  const picture = photo && reduced(image, photo, area.width, area.height);
  paint(context, area, picture, sizeOf(image), map?.tile ?? null, style);
  const lost = !ready && failed.has(`${column.method} ${image}`);
  return { drawn: ready || lost ? (map?.tile || !column ? "map" : "none") : "waiting", map };
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
