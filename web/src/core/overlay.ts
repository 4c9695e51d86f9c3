// One map over one photograph, on a canvas: what the grid, the strips, the dialog and the viewer draw.
import { enlarged } from "./resample.js";
import { MAGNITUDE_MAPS, SIGNED_MAPS, TOP_BYTE, tableOf, type MagnitudeMap, type SignedMap } from "./colour.js";

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
}

/** How maps are drawn everywhere on the page. */
export interface Style {
  /** of the strongest colour, 0 to 1 */
  opacity: number;
  magnitude: MagnitudeMap;
  signed: SignedMap;
  /** every cell as it is, rather than interpolated */
  native: boolean;
  mode: "heat" | "spotlight" | "contour" | "map";
}

export const DEFAULT_STYLE: Style = {
  opacity: 0.65,
  magnitude: MAGNITUDE_MAPS[0],
  signed: SIGNED_MAPS[0],
  native: false,
  mode: "heat",
};

export type Picture = HTMLImageElement | ImageBitmap | HTMLCanvasElement;

/** The value at a place of the photograph (0 to 1 across and down), or null outside the map's box. */
export function valueAt(tile: Tile, size: readonly [number, number], x: number, y: number): number | null {
  const [left, top, right, bottom] = tile.box;
  const u = (x * size[0] - left) / (right - left);
  const v = (y * size[1] - top) / (bottom - top);
  if (u < 0 || u >= 1 || v < 0 || v >= 1) return null;
  const [rows, columns] = tile.cells;
  const byte = tile.bytes[Math.floor(v * rows) * columns + Math.floor(u * columns)]!;
  return tile.signed ? tile.limit * ((2 * byte) / TOP_BYTE - 1) : (tile.limit * byte) / TOP_BYTE;
}

/** Maps with more cells a side are taken for pixel-level ones: thin and sparse, so the photograph steps back. */
const FINE = 64;

export function isFine(tile: Tile): boolean {
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
    const left = x + (tile.box[0] / size[0]) * width;
    const top = y + (tile.box[1] / size[1]) * height;
    const right = x + (tile.box[2] / size[0]) * width;
    const bottom = y + (tile.box[3] / size[1]) * height;
    shade(context, area, [left, top, right, bottom]);
    map(context, [left, top, right, bottom], tile, style);
  }
  context.restore();
}

// What the classifier did not see is dimmed.
function shade(
  context: CanvasRenderingContext2D,
  area: { x: number; y: number; width: number; height: number },
  box: [number, number, number, number],
): void {
  const { x, y, width, height } = area;
  if (box[0] <= x + 0.5 && box[1] <= y + 0.5 && box[2] >= x + width - 0.5 && box[3] >= y + height - 0.5) return;
  context.beginPath();
  context.rect(x, y, width, height);
  context.rect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
  context.fillStyle = "rgb(18 18 24 / .5)";
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
  const [rows, columns] = tile.cells;
  const native = style.native || (rows >= height && columns >= width);
  const wide = native ? columns : Math.min(1024, Math.max(columns, Math.round(width)));
  const high = native ? rows : Math.min(1024, Math.max(rows, Math.round(height)));
  const values = native ? tile.bytes : enlarged(tile.bytes, rows, columns, high, wide);
  const pixels = coloured(values, wide, high, tile.signed, style);
  const scratch = scratchOf(wide, high);
  scratch.putImageData(pixels, 0, 0);
  if (style.mode === "heat" && isFine(tile)) {
    context.fillStyle = "rgb(38 38 46 / .45)";
    context.fillRect(box[0], box[1], width, height);
  }
  context.globalAlpha = style.mode === "heat" ? Math.min(1, style.opacity * (isFine(tile) ? 1.4 : 1)) : 1;
  context.imageSmoothingEnabled = !style.native;
  context.drawImage(scratch.canvas, 0, 0, wide, high, box[0], box[1], width, height);
  context.globalAlpha = 1;
}

function coloured(
  values: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  signed: boolean,
  style: Style,
): ImageData {
  const image = new ImageData(width, height);
  const data = image.data;
  if (style.mode === "spotlight") {
    spotlight(values, data, signed, style.opacity);
  } else if (style.mode === "contour") {
    contour(values, data, width, height, signed);
  } else {
    const table = tableOf(signed ? style.signed : style.magnitude, style.mode === "map");
    const words = new Uint32Array(data.buffer);
    const entries = new Uint32Array(table.buffer);
    for (let i = 0; i < values.length; i++) words[i] = entries[values[i]!]!;
  }
  return image;
}

// The photograph shows where the map is strong and for the class; elsewhere it is dark.
function spotlight(
  values: Uint8Array | Uint8ClampedArray,
  data: Uint8ClampedArray,
  signed: boolean,
  opacity: number,
): void {
  for (let i = 0; i < values.length; i++) {
    const share = signed ? Math.max(0, (2 * values[i]!) / TOP_BYTE - 1) : values[i]! / TOP_BYTE;
    data[4 * i] = data[4 * i + 1] = 14;
    data[4 * i + 2] = 20;
    data[4 * i + 3] = 255 * Math.min(1, 0.4 + opacity) * (1 - share) ** 2;
  }
}

// Lines at a quarter, a half and three quarters of the maximum; those against the class are blue.
function contour(
  values: Uint8Array | Uint8ClampedArray,
  data: Uint8ClampedArray,
  width: number,
  height: number,
  signed: boolean,
): void {
  const levels = signed ? [0.125, 0.25, 0.625, 0.75, 0.875] : [0.25, 0.5, 0.75];
  const step = (value: number): number => {
    let count = 0;
    for (const level of levels) if (value >= level * TOP_BYTE) count++;
    return count;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const here = step(values[i]!);
      const other = Math.max(
        x + 1 < width ? step(values[i + 1]!) : here,
        y + 1 < height ? step(values[i + width]!) : here,
      );
      const less = Math.min(
        x + 1 < width ? step(values[i + 1]!) : here,
        y + 1 < height ? step(values[i + width]!) : here,
      );
      if (here === other && here === less) continue;
      const against = signed && values[i]! < TOP_BYTE / 2;
      data.set(against ? [70, 160, 255, 255] : [255, 190, 40, 255], 4 * i);
    }
  }
}
