// What the matrix is coloured by, and the scale of its colours.
import { pairsOf, type Agree, type Measure, type Pair } from "./data.js";
import type { Key, Level } from "./scalebar.js";

export type Colour = "mean" | "above" | "calibrated";

export interface Settings {
  order: string;
  measure: string;
  colour: Colour;
  /** whether colours span the values that are there, rather than floor to identical maps */
  stretched: boolean;
}

/** What a colour stands for. */
export function wordsOf(colour: Colour, measure: Measure): string {
  if (colour === "mean") return `mean ${measure.label}`;
  return colour === "above" ? `mean ${measure.label} less chance floor` : "similarity from chance (0) to its ceiling (1)";
}

/** The scale: from the mean floor to identical maps, so that methods can be compared, or over the values shown. */
export function keyOf(agree: Agree, measure: Measure, { colour, stretched }: Settings): Key {
  const pairs = pairsOf(agree, measure);
  const floor = level(pairs.map((pair) => pair.floor));
  const own = level(pairs.map((pair) => pair[colour])) ?? { mean: 0.5, low: 0, high: 1 };
  const top = measure.identical ?? own.high;
  const whole: Record<Colour, [number, number]> = {
    mean: [floor?.mean ?? Math.min(0, own.low), top],
    above: [0, Math.max(0.1, top - (floor?.mean ?? 0))],
    calibrated: [0, 1],
  };
  const [low, high] = stretched ? [own.low, own.high] : whole[colour];
  const isMean = colour === "mean";
  return {
    low,
    high: Math.max(high, low + 0.02),
    title: wordsOf(colour, measure) + (stretched ? ", over the values shown" : ""),
    floor: isMean ? floor : level([0]),
    ceiling: isMean ? level(pairs.map((pair) => pair.ceiling)) : colour === "calibrated" ? level([1]) : null,
  };
}

function level(values: (number | null)[]): Level | null {
  const known = values.filter((value): value is number => value !== null);
  if (!known.length) return null;
  return { mean: known.reduce((a, b) => a + b) / known.length, low: Math.min(...known), high: Math.max(...known) };
}

/** Where a pair stands on the scale, in [0, 1]; null where it is not known. */
export function shareOf(pair: Pair, colour: Colour, key: Key): number | null {
  const value = pair[colour];
  return value === null ? null : Math.min(1, Math.max(0, (value - key.low) / (key.high - key.low || 1)));
}

/** Whether the interval does not lie above what maps of different images give. */
export function isChance(pair: Pair): boolean {
  return pair.low !== null && pair.floor !== null && pair.low <= pair.floor;
}
