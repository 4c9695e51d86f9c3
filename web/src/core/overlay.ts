// One map over one photograph, on a canvas: what the grid, the strips, the dialog and the viewer draw.
import { MAGNITUDE_MAPS, SIGNED_MAPS, TOP_BYTE, tableOf, type MagnitudeMap, type SignedMap } from "./colour.js";
import { enlarged, repeated } from "./resample.js";
import { contour, darkness, segments, spotlight } from "./shading.js";

/** A map as it is shown: bytes of its values, and the part of the photograph that it covers. */
export interface Tile {
  /** rows and columns of `bytes` */
  cells: readonly [number, number];
  /** rows and columns of the map itself, more than `cells` where it was reduced */
  native: readonly [number, number];
  /** left, top, right, bottom in pixels of the upright photograph */
  box: readonly [number, number, number, number];
  /** whether values speak for and against, so that 0 is their middle */
  signed: boolean;
  /** value of the highest byte; the lowest is 0, or minus this of a signed map */
  limit: number;
  bytes: Uint8Array;
  /** 128 and the 256ths of a step by which each value is above its byte, where that is known */
  rest?: Uint8Array | undefined;
  /** whether the map is constant over segments of the photograph */
  flat?: boolean | undefined;
}

export const MODES = ["heat", "spotlight", "contour", "segments", "map"] as const;
export type Mode = (typeof MODES)[number];

/** How maps are drawn everywhere on the page. */
export interface Style {
  /** of the strongest colour, 0 to 1 */
  opacity: number;
  magnitude: MagnitudeMap;
  signed: SignedMap;
  /** every cell as it is, rather than interpolated */
  native: boolean;
  /** `segments` is for maps that are constant over segments; others are then drawn as `heat` */
  mode: Mode;
}

export const DEFAULT_STYLE: Style = {
  opacity: 0.65,
  magnitude: MAGNITUDE_MAPS[0],
  signed: SIGNED_MAPS[0],
  native: false,
  mode: "heat",
};

export type Picture = HTMLImageElement | ImageBitmap | HTMLCanvasElement;

/** What is known of a map at one place. */
export interface Reading {
  /** in the map's own units */
  value: number;
  /** of the largest value, -1 to 1 */
  share: number;
  /** of the map itself, from 0: the cell, or the middle one of those that were reduced to one */
  row: number;
  column: number;
  /** rows and columns of the map that the value is the mean of; 1 where it is the cell's own */
  of: [number, number];
  /** whether the value is only known to a 48th of the largest one */
  rough: boolean;
  /** whether it may be larger than `value`, which is where the colours end */
  beyond: boolean;
}

/** What a map says at a place of the photograph (0 to 1 across and down); null outside the map's box. */
export function readingAt(tile: Tile, size: readonly [number, number], x: number, y: number): Reading | null {
  const [left, top, right, bottom] = tile.box;
  const u = (x * size[0] - left) / (right - left);
  const v = (y * size[1] - top) / (bottom - top);
  if (!(u >= 0 && u < 1 && v >= 0 && v < 1)) return null;
  const [rows, columns] = tile.cells;
  const at = Math.floor(v * rows) * columns + Math.floor(u * columns);
  const step = (tile.bytes[at]! + (tile.rest ? (tile.rest[at]! - 128) / 256 : 0)) / TOP_BYTE;
  const share = tile.signed ? 2 * step - 1 : step;
  const reduced = !tile.flat && (tile.native[0] > rows || tile.native[1] > columns);
  const rough = !tile.rest;
  return {
    value: tile.limit * share,
    share,
    row: Math.floor(((Math.floor(v * rows) + 0.5) * tile.native[0]) / rows),
    column: Math.floor(((Math.floor(u * columns) + 0.5) * tile.native[1]) / columns),
    of: reduced ? [tile.native[0] / rows, tile.native[1] / columns] : [1, 1],
    rough,
    beyond: rough && Math.abs(share) > 0.999,
  };
}

/** The value at a place of the photograph (0 to 1 across and down), or null outside the map's box. */
export function valueAt(tile: Tile, size: readonly [number, number], x: number, y: number): number | null {
  return readingAt(tile, size, x, y)?.value ?? null;
}

/** Maps with more cells a side are taken for pixel-level ones: thin and sparse, so the photograph steps back. */
const FINE = 64;

function isFine(tile: Tile): boolean {
  return Math.min(tile.native[0], tile.native[1]) > FINE;
}

let scratch: HTMLCanvasElement | null = null;

function scratchOf(width: number, height: number): CanvasRenderingContext2D {
  scratch ??= document.createElement("canvas");
  if (scratch.width < width || scratch.height < height) {
    scratch.width = Math.max(scratch.width, width);
    scratch.height = Math.max(scratch.height, height);
  }
  return scratch.getContext("2d", { willReadFrequently: true })!;
}

/** Draw a photograph and its map into a rectangle of a canvas; without a map, the photograph alone. */
export function paint(
  context: CanvasRenderingContext2D,
  area: { x: number; y: number; width: number; height: number },
  photo: Picture | null,
  size: readonly [number, number],
  tile: Tile | null,
  style: Style,
): void {
  const { x, y, width, height } = area;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "medium";
  if (photo && !(tile && style.mode === "map")) context.drawImage(photo, x, y, width, height);
  else {
    context.fillStyle = "#26262e";
    context.fillRect(x, y, width, height);
  }
  if (tile) {
    const left = x + Math.round((tile.box[0] / size[0]) * width); // whole pixels: no seam at the edges
    const top = y + Math.round((tile.box[1] / size[1]) * height);
    const right = x + Math.round((tile.box[2] / size[0]) * width);
    const bottom = y + Math.round((tile.box[3] / size[1]) * height);
    shade(context, area, [left, top, right, bottom], style.mode === "spotlight" ? darkness(style.opacity) : 0.5);
    map(context, [left, top, right, bottom], tile, style);
  }
  context.restore();
}

// What the classifier did not see is dimmed.
function shade(
  context: CanvasRenderingContext2D,
  area: { x: number; y: number; width: number; height: number },
  box: [number, number, number, number],
  alpha: number,
): void {
  const { x, y, width, height } = area;
  if (box[0] <= x + 0.5 && box[1] <= y + 0.5 && box[2] >= x + width - 0.5 && box[3] >= y + height - 0.5) return;
  context.beginPath();
  context.rect(x, y, width, height);
  context.rect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
  context.fillStyle = `rgb(14 14 20 / ${alpha})`;
  context.fill("evenodd");
}

function map(
  context: CanvasRenderingContext2D,
  box: [number, number, number, number],
  tile: Tile,
  style: Style,
): void {
  const width = box[2] - box[0];
  const height = box[3] - box[1];
  if (!(width > 0 && height > 0)) return;
  const mode = style.mode === "segments" && !tile.flat ? "heat" : style.mode;
  const [rows, columns] = tile.cells;
  const lines = mode === "contour" || mode === "segments";
  const reduced = tile.flat === true && rows > height && columns > width; // one value stands for its segment
  const plain = !lines && !reduced && (style.native || (rows >= height && columns >= width)); // the canvas enlarges or reduces it
  const wide = plain ? columns : Math.min(1280, lines || reduced ? Math.round(width) : Math.max(columns, Math.round(width)));
  const high = plain ? rows : Math.min(1280, lines || reduced ? Math.round(height) : Math.max(rows, Math.round(height)));
  const pixels = new ImageData(Math.max(1, wide), Math.max(1, high));
  const values = plain
    ? tile.bytes
    : style.native || reduced || mode === "segments"
      ? repeated(tile.bytes, rows, columns, high, wide)
      : mode === "contour"
        ? enlarged(tile.bytes, rows, columns, high, wide, new Float32Array(high * wide))
        : enlarged(tile.bytes, rows, columns, high, wide);
  const colours = tile.signed ? style.signed : style.magnitude;
  const thick = Math.max(1, Math.min(width, height) / 260);
  if (mode === "spotlight") spotlight(values, pixels.data, tile.signed, style.opacity);
  else if (mode === "contour") contour(values, pixels.data, [high, wide], colours, thick);
  else if (mode === "segments") segments(values, pixels.data, [high, wide], tile.signed, style.opacity, thick);
  else coloured(values, pixels.data, tableOf(colours, mode === "map"));
  const scratch = scratchOf(wide, high);
  scratch.putImageData(pixels, 0, 0);
  if (mode === "heat" && isFine(tile) && !tile.flat) {
    context.globalCompositeOperation = "saturation"; // thin colours are seen on grey
    context.fillStyle = "rgb(128 128 128 / .75)";
    context.fillRect(box[0], box[1], width, height);
    context.globalCompositeOperation = "source-over";
    context.fillStyle = "rgb(30 30 38 / .5)";
    context.fillRect(box[0], box[1], width, height);
  }
  if (mode === "heat") context.globalAlpha = Math.min(1, style.opacity * (isFine(tile) && !tile.flat ? 1.4 : 1));
  context.imageSmoothingEnabled = !style.native;
  context.drawImage(scratch.canvas, 0, 0, wide, high, box[0], box[1], width, height);
  context.globalAlpha = 1;
}

function coloured(values: Uint8Array | Uint8ClampedArray | Float32Array, data: Uint8ClampedArray, table: Uint8ClampedArray): void {
  const words = new Uint32Array(data.buffer);
  const entries = new Uint32Array(table.buffer);
  for (let i = 0; i < values.length; i++) words[i] = entries[values[i]!]!;
}
