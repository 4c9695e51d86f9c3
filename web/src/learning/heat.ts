// Painting predictions: rows of images by columns of epochs. Where several rows share a pixel, it has their mean light.
import { byImage } from "./byimage.js";
import { MISSING, type Run } from "./data.js";
import type { Rgb } from "./palette.js";

/** Which rows lie on which line of pixels. */
export interface Lines {
  order: Uint32Array;
  /** the first row of every line, and after the last line the row after the last */
  starts: Uint32Array;
}

/** Lines of pixels for rows: as many rows a line as it takes, or as many lines a row, from a row on. */
export function linesOf(order: Uint32Array, height: number, perRow: number, first: number): Lines {
  const rows = order.length;
  if (perRow >= 1) {
    const count = Math.max(0, Math.min(rows - Math.floor(first), Math.ceil(height / perRow) + 1));
    return { order, starts: Uint32Array.from({ length: count + 1 }, (_, i) => Math.floor(first) + i) };
  }
  const lines = Math.min(height, Math.max(0, Math.ceil((rows - first) * perRow)));
  return { order, starts: Uint32Array.from({ length: lines + 1 }, (_, y) => Math.min(rows, Math.floor(first + y / perRow))) };
}

// Light of a byte, and the byte of a light: means of colours are means of light.
const LIGHT = Float32Array.from({ length: 256 }, (_, byte) => (byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4));
const BYTES = Uint8Array.from({ length: 4097 }, (_, i) => {
  const light = i / 4096;
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
});

/** Bits for each of three sums of light that are packed into one number. */
const BITS = 17;
const [MIDDLE, HIGH] = [2 ** BITS, 2 ** (2 * BITS)];

/** A picture of one pixel an epoch and one a line; `colours` as `cellColours` gives them. */
export function paintCells(run: Run, lines: Lines, from: number, to: number, colours: readonly Rgb[]): ImageData | null {
  const columns = to - from + 1;
  const count = lines.starts.length - 1;
  if (count < 1 || columns < 1) return null;
  const image = new ImageData(columns, count);
  const pixels = new Uint8Array(image.data.buffer);
  const { order, starts } = lines;
  let most = 1;
  for (let line = 0; line < count; line++) most = Math.max(most, starts[line + 1] - starts[line]);
  const scale = Math.min(4095, Math.floor((MIDDLE - 1) / most)); // so that no sum runs over into the next
  const { light, right, other } = packed(colours, scale);
  const epochs = run.epochs.length;
  const said = byImage(run);
  const sums = new Float64Array(columns);
  for (let line = 0; line < count; line++) {
    const first = starts[line];
    const last = starts[line + 1];
    sums.fill(0);
    for (let row = first; row < last; row++) {
      const image = order[row];
      const label = run.labels[image];
      const begin = image * epochs + from;
      if (label !== MISSING) light[label] = right[label]; // for this row alone
      for (let column = 0; column < columns; column++) sums[column] += light[said[begin + column]];
      if (label !== MISSING) light[label] = other[label];
    }
    const share = 4096 / ((last - first || 1) * scale);
    for (let column = 0; column < columns; column++) {
      const sum = sums[column];
      const high = Math.floor(sum / HIGH);
      const middle = Math.floor((sum - high * HIGH) / MIDDLE);
      const at = 4 * (line * columns + column);
      pixels[at] = BYTES[Math.round(high * share)];
      pixels[at + 1] = BYTES[Math.round(middle * share)];
      pixels[at + 2] = BYTES[Math.round((sum - high * HIGH - middle * MIDDLE) * share)];
      pixels[at + 3] = 255;
    }
  }
  return image;
}

// The light of colours by predicted class, three whole numbers in one; what is missing has the last colour. `right` and
// `other` are those of right predictions and of all others.
function packed(colours: readonly Rgb[], scale: number): { light: Float64Array; right: Float64Array; other: Float64Array } {
  const one = (colour: Rgb): number => {
    const [red, green, blue] = colour.map((byte) => Math.round(LIGHT[byte] * scale));
    return red * HIGH + green * MIDDLE + blue;
  };
  const known = colours.slice(0, -2).map(one);
  const [other, right] = [0, 1].map((kind) => Float64Array.from(known.filter((_, i) => i % 2 === kind)));
  const light = new Float64Array(MISSING + 1).fill(one(colours[colours.length - 1]));
  light.set(other);
  return { light, right, other };
}

/** The true classes of lines, one pixel each. */
export function paintLabels(run: Run, lines: Lines, colours: readonly Rgb[], nothing: Rgb): ImageData | null {
  const count = lines.starts.length - 1;
  if (count < 1) return null;
  const image = new ImageData(1, count);
  for (let line = 0; line < count; line++) {
    const [first, last] = [lines.starts[line], lines.starts[line + 1]];
    const light = [0, 0, 0];
    for (let row = first; row < last; row++) {
      const colour = colours[run.labels[lines.order[row]]] ?? nothing;
      for (let channel = 0; channel < 3; channel++) light[channel] += LIGHT[colour[channel]];
    }
    const bytes = light.map((sum) => BYTES[Math.round((4096 * sum) / (last - first || 1))]);
    image.data.set([...bytes, 255], 4 * line);
  }
  return image;
}

/** The mean of a number over the rows of every line; NaN where none has one. */
export function meansOf(lines: Lines, values: ArrayLike<number>): Float32Array {
  const count = lines.starts.length - 1;
  const found = new Float32Array(Math.max(0, count));
  for (let line = 0; line < count; line++) {
    let [sum, known] = [0, 0];
    for (let row = lines.starts[line]; row < lines.starts[line + 1]; row++) {
      const value = values[lines.order[row]];
      if (value !== value) continue;
      sum += value;
      known++;
    }
    found[line] = known ? sum / known : NaN;
  }
  return found;
}
