// What a map says at one place, in words.
import { data, number, shortName, sizeOf, type MapFacts } from "../core/data.js";
import { readingAt } from "../core/overlay.js";
import type { Column } from "./images.js";

/** The class that a map explains, and the one it is set against, in words. */
export function explains(column: Column, map: MapFacts): string {
  if (map.target[0] < 0) return "";
  const against = map.target[1] >= 0 ? ` against ${shortName(column.model, map.target[1])}` : "";
  return `${shortName(column.model, map.target[0])}${against}`;
}

/** Lines on a map at a place of the photograph (0 to 1 across and down). */
export function readout(image: number, column: Column, map: MapFacts, x: number, y: number): string[] {
  const head = `${data.models[column.model]!.label} · ${data.methods[column.method]!.label}`;
  if (!map.tile) return [head, map.reason];
  const what = explains(column, map);
  const reading = readingAt(map.tile, sizeOf(image), x, y);
  if (!reading) return [head, "outside what the model saw"];
  const about = reading.rough ? (reading.beyond ? (reading.value < 0 ? "≤ " : "≥ ") : "≈ ") : "";
  const share = Math.round(100 * reading.share);
  const of = reading.of.map((one) => Number(one.toFixed(1)));
  const mean = of[0]! > 1 || of[1]! > 1 ? `mean of ${of[0]} × ${of[1]} pixels, ` : "";
  const { native } = map;
  return [
    head,
    what && `explains ${what}`,
    `value ${about}${number(reading.value, reading.rough ? 2 : 3)}, ${String(share).replace("-", "−")} % of the map's maximum`,
    `${mean}row ${reading.row + 1} of ${native[0]}, column ${reading.column + 1} of ${native[1]}`,
  ].filter(Boolean);
}
