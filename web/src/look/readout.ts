// What a map says at one place, in words.
import { data, shortName, sizeOf, type MapFacts } from "../core/data.js";
import { readingLines } from "../core/reading.js";
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
  const lines = readingLines(map.tile, sizeOf(image), x, y);
  return lines ? [head, what && `explains ${what}`, ...lines].filter(Boolean) : [head, "outside what the model saw"];
}
