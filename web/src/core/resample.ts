// Values between cells: bicubic (a = -0.5, as Pillow's), never beyond the range of the map itself. Values are
// interpolated, not colours.

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

/** A map of `rows` x `columns` bytes at `height` x `width` places, rounded to bytes again. */
export function enlarged(
  values: Uint8Array,
  rows: number,
  columns: number,
  height: number,
  width: number,
): Uint8ClampedArray {
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
  const out = new Uint8ClampedArray(height * width);
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
