// Values between cells: bicubic (a = -0.5, as Pillow's), never beyond the range of the map itself. Values are
// interpolated, not colours.
import type { Tile } from "./overlay.js";

type Taps = { first: Int32Array; weights: Float32Array };
const kept = new Map<string, Taps>();

// Four taps for every place, on the whole cells that there are.
function tapsOf(from: number, to: number): Taps {
  const key = `${from}>${to}`;
  const found = kept.get(key);
  if (found) return found;
  const first = new Int32Array(4 * to);
  const weights = new Float32Array(4 * to);
  for (let at = 0; at < to; at++) {
    const centre = ((at + 0.5) * from) / to - 0.5;
    const start = Math.floor(centre) - 1;
    let total = 0;
    for (let k = 0; k < 4; k++) {
      const cell = start + k;
      const away = Math.abs(cell - centre);
      const inside = cell >= 0 && cell < from;
      const weight = away < 1 ? (1.5 * away - 2.5) * away * away + 1 : ((-0.5 * away + 2.5) * away - 4) * away + 2;
      first[4 * at + k] = Math.min(from - 1, Math.max(0, cell));
      weights[4 * at + k] = inside ? weight : 0;
      total += inside ? weight : 0;
    }
    for (let k = 0; k < 4; k++) weights[4 * at + k]! /= total;
  }
  const made = { first, weights };
  kept.set(key, made);
  return made;
}

/** A map of `rows` x `columns` bytes at `height` x `width` places, in `out`: by default rounded to bytes again. */
export function enlarged<T extends Uint8ClampedArray | Float32Array = Uint8ClampedArray>(
  values: Uint8Array,
  rows: number,
  columns: number,
  height: number,
  width: number,
  out: T = new Uint8ClampedArray(height * width) as T,
): T {
  let low = 255;
  let high = 0;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const across = tapsOf(columns, width);
  const down = tapsOf(rows, height);
  const between = new Float32Array(rows * width);
  for (let y = 0; y < rows; y++) {
    const row = y * columns;
    for (let x = 0; x < width; x++) {
      const t = 4 * x;
      between[y * width + x] =
        across.weights[t]! * values[row + across.first[t]!]! +
        across.weights[t + 1]! * values[row + across.first[t + 1]!]! +
        across.weights[t + 2]! * values[row + across.first[t + 2]!]! +
        across.weights[t + 3]! * values[row + across.first[t + 3]!]!;
    }
  }
  for (let y = 0; y < height; y++) {
    const t = 4 * y;
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => down.first[t + k]! * width) as [number, number, number, number];
    const [p, q, r, u] = [0, 1, 2, 3].map((k) => down.weights[t + k]!) as [number, number, number, number];
    for (let x = 0; x < width; x++) {
      const sum = p * between[a + x]! + q * between[b + x]! + r * between[c + x]! + u * between[d + x]!;
      out[y * width + x] = sum < low ? low : sum > high ? high : sum;
    }
  }
  return out;
}

/** Bytes of a map, cell by cell without anything between, at `height` x `width` places. */
export function repeated(values: Uint8Array, rows: number, columns: number, height: number, width: number): Uint8Array {
  const out = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * rows) / height) * columns;
    for (let x = 0; x < width; x++) out[y * width + x] = values[row + Math.floor(((x + 0.5) * columns) / width)]!;
  }
  return out;
}

type Box = readonly [number, number, number, number];

/** What two maps both cover, in pixels of the photograph; null where that is nothing. */
export function commonBox(a: Box, b: Box): [number, number, number, number] | null {
  const box: [number, number, number, number] = [
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ];
  return box[2] - box[0] > 1e-6 && box[3] - box[1] > 1e-6 ? box : null;
}

/** A map as shares of its own maximum, -1 to 1, at `side` x `side` places of a part of the photograph. */
export function sampled(tile: Tile, box: Box, side: number): Float32Array {
  const [rows, columns] = tile.cells;
  const [left, top, right, bottom] = tile.box;
  const out = new Float32Array(side * side);
  // Enough places over the whole map for `side` of them in the part, then the nearest of these.
  const zoom = Math.max((right - left) / (box[2] - box[0]), (bottom - top) / (box[3] - box[1]));
  const high = Math.max(rows, Math.min(512, Math.ceil(2 * side * zoom)));
  const wide = Math.max(columns, Math.min(512, Math.ceil(2 * side * zoom)));
  const values = tile.flat
    ? repeated(tile.bytes, rows, columns, high, wide)
    : enlarged(tile.bytes, rows, columns, high, wide, new Float32Array(high * wide));
  for (let i = 0; i < side; i++) {
    const y = box[1] + ((i + 0.5) / side) * (box[3] - box[1]);
    const row = Math.min(high - 1, Math.max(0, Math.floor(((y - top) / (bottom - top)) * high))) * wide;
    for (let j = 0; j < side; j++) {
      const x = box[0] + ((j + 0.5) / side) * (box[2] - box[0]);
      const column = Math.min(wide - 1, Math.max(0, Math.floor(((x - left) / (right - left)) * wide)));
      const share = values[row + column]! / 254;
      out[i * side + j] = tile.signed ? 2 * share - 1 : share;
    }
  }
  return out;
}
