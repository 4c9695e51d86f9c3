// What a map says at one place, in words.
import { readingAt, type Tile } from "./overlay.js";
import { number } from "./words.js";

/** Lines on a map at a place of the photograph (0 to 1 across and down): its value, and which cell that is. */
export function readingLines(tile: Tile, size: readonly [number, number], x: number, y: number): string[] | null {
  const reading = readingAt(tile, size, x, y);
  if (!reading) return null;
  const about = reading.rough ? (reading.beyond ? (reading.value < 0 ? "≤ " : "≥ ") : "≈ ") : "";
  const share = Math.round(100 * reading.share);
  const of = reading.of.map((one) => Number(one.toFixed(1)));
  const mean = of[0]! > 1 || of[1]! > 1 ? `mean of ${of[0]} × ${of[1]} pixels, ` : "";
  return [
    `value ${about}${number(reading.value, reading.rough ? 2 : 3)}, ${String(share).replace("-", "−")} % of the map's maximum`,
    `${mean}row ${reading.row + 1} of ${tile.native[0]}, column ${reading.column + 1} of ${tile.native[1]}`,
  ];
}
