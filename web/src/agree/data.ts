// What `report/agreement/drawings.py` and `per_image.py` write of one method, and how it is read.
import type { Chart } from "../core/dots.js";

/** The part of a symmetric matrix above its diagonal, row by row; one number where all are the same. */
export type Triangle = (number | null)[] | number | null;

const MATRICES = ["mean", "low", "high", "sd", "median", "floor", "ceiling", "n"] as const;

export interface Measure extends Record<(typeof MATRICES)[number], Triangle> {
  key: string;
  label: string;
  range: [number, number];
  identical: number | null;
}

export interface Tree {
  leaves: number[];
  order: number[];
  merges: [number, number, number][];
  au: (number | null)[];
  bp: (number | null)[];
  resamples: number;
  cophenetic: number | null;
}

export interface Plane {
  sets: number[];
  points: [number, number][];
  centre: [number, number][];
  radii: [number, number][];
  angle: number[];
  explained: number[];
  stress: number;
  level: number;
  resamples: number;
}

export interface Choices {
  sentence: string;
  groups: string[];
  alpha: number;
  levels: Record<string, string[]>;
  /** R, contrast, p of ANOSIM, p of PERMANOVA, decision, and the number of each dimension's level */
  universes: [number | null, number | null, number | null, number | null, string, ...number[]][];
}

export interface Agree {
  html: string;
  label: string;
  sets: string[];
  /** the numbers of the sets among `data.models` */
  models: number[];
  by: string;
  groups: string[];
  group: number[] | null;
  relations: [string, string][];
  relation: (number | null)[] | null;
  level: number;
  measures: Measure[];
  tree: Tree | null;
  map: Plane | null;
  charts: Partial<Record<"ladder" | "consensus" | "properties", Chart>>;
  choices: Choices | null;
}

/** Where a pair stands in a triangle of `count` sets. */
export function place(count: number, i: number, j: number): number {
  const [a, b] = i < j ? [i, j] : [j, i];
  return (a * (2 * count - a - 1)) / 2 + (b - a - 1);
}

/** The value of a pair; null where it is not known. */
export function read(triangle: Triangle, count: number, i: number, j: number): number | null {
  return Array.isArray(triangle) ? triangle[place(count, i, j)] : triangle;
}

export interface Pair extends Record<(typeof MATRICES)[number], number | null> {
  a: number;
  b: number;
  /** mean less floor */
  above: number | null;
  /** 0 for chance, 1 for the ceiling; for identical maps where no ceiling is known */
  calibrated: number | null;
  /** look and words of the relation */
  relation: [string, string] | null;
}

export function pairOf(agree: Agree, measure: Measure, a: number, b: number): Pair {
  const count = agree.sets.length;
  const found = Object.fromEntries(MATRICES.map((name) => [name, read(measure[name], count, a, b)]));
  const { mean, floor, ceiling } = found;
  const top = ceiling ?? measure.identical;
  const known = mean !== null && floor !== null;
  const number = agree.relation?.[place(count, a, b)];
  return {
    ...(found as Record<(typeof MATRICES)[number], number | null>),
    a,
    b,
    above: known ? mean - floor : null,
    calibrated: known && top !== null && top > floor ? (mean - floor) / (top - floor) : null,
    relation: number === null || number === undefined ? null : agree.relations[number],
  };
}

/** All pairs with a mean, the most alike first. */
export function pairsOf(agree: Agree, measure: Measure): Pair[] {
  const found: Pair[] = [];
  for (let a = 0; a < agree.sets.length; a++) {
    for (let b = a + 1; b < agree.sets.length; b++) {
      const pair = pairOf(agree, measure, a, b);
      if (pair.mean !== null) found.push(pair);
    }
  }
  return found.sort((one, other) => other.mean! - one.mean!);
}
