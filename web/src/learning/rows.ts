// Which images are rows, in which order, and which of them are picked out.
import { MISSING, type Run } from "./data.js";
import type { MeasureName, Measures } from "./measures.js";
import { sorted } from "./sorting.js";
import { readArrangement, type Arrangement, type Pick } from "./state.js";

export interface Block {
  /** class number, or `MISSING` */
  key: number;
  /** rows of the order: the first, and the one after the last */
  from: number;
  to: number;
}

export interface Rows {
  order: Uint32Array;
  blocks: Block[];
}

/** The place of an epoch that an address names; the nearest where there is none such. */
export function placeOf(run: Run, epoch: number | null, otherwise: number): number {
  if (epoch === null || !run.epochs.length) return Math.max(0, otherwise);
  let best = 0;
  run.epochs.forEach((one, place) => {
    if (Math.abs(one - epoch) < Math.abs(run.epochs[best] - epoch)) best = place;
  });
  return best;
}

/** The places of the first and the last epoch of a range. */
export function rangeOf(run: Run, one: Pair<Arrangement, "from" | "to">): [number, number] {
  const from = placeOf(run, one.from, 0);
  const to = placeOf(run, one.to, run.epochs.length - 1);
  return from <= to ? [from, to] : [to, from];
}

// Some properties of a type, by a name that is not taken here.
type Pair<T, K extends keyof T> = { [P in K]: T[P] };

/** Rows of an arrangement; `only`, where it is given, says which images may be there. */
export function arranged(run: Run, measures: Measures, one: Arrangement, only: Uint8Array | null = null): Rows {
  const [, to] = rangeOf(run, one);
  const said = run.predictions[to] ?? new Uint16Array(run.images).fill(MISSING);
  let rows = kept(run, measures, one, said, only);
  if (one.sort !== "recorded") rows = sorted(rows, measures[one.sort], one.down);
  else if (one.down) rows = rows.reverse();
  if (one.group === "none" || (one.group === "true" && !run.labelled)) return { order: rows, blocks: [] };
  const keys = one.group === "true" ? run.labels : said;
  const order = sorted(rows, keys);
  const blocks: Block[] = [];
  for (let i = 0; i < order.length; i++) {
    const key = keys[order[i]];
    const last = blocks[blocks.length - 1];
    if (last?.key === key) last.to = i + 1;
    else blocks.push({ key, from: i, to: i + 1 });
  }
  return { order, blocks };
}

function kept(run: Run, measures: Measures, one: Arrangement, said: Uint16Array, only: Uint8Array | null): Uint32Array {
  const found = new Uint32Array(run.images);
  const text = one.search.trim().toLowerCase();
  const values = one.limit && measures[one.limit.name as MeasureName];
  const low = one.limit?.low ?? -Infinity;
  const high = one.limit?.high ?? Infinity;
  const { truth, said: asked, verdict } = one;
  let count = 0;
  for (let i = 0; i < run.images; i++) {
    if (only && !only[i]) continue;
    if (truth !== null && run.labels[i] !== truth) continue;
    if (asked !== null && said[i] !== asked) continue;
    if (verdict === "right" && (said[i] !== run.labels[i] || said[i] === MISSING)) continue;
    if (verdict === "wrong" && (said[i] === run.labels[i] || said[i] === MISSING || run.labels[i] === MISSING)) continue;
    if (verdict === "changed" && !(measures.frequency[i] > 0)) continue;
    if (values && !(values[i] >= low && values[i] <= high)) continue;
    if (text && !run.ids[i].toLowerCase().includes(text)) continue;
    found[count++] = i;
  }
  return found.slice(0, count);
}

/** Which images a pick means, one byte for each; `measured` gives the measures of a range of places. */
export function picked(run: Run, pick: Pick, axes: readonly [ArrayLike<number>, ArrayLike<number>], measured: (from: number, to: number) => Measures): Uint8Array {
  const found = new Uint8Array(run.images);
  if (pick.kind === "list") {
    for (const image of pick.images) if (image < run.images) found[image] = 1;
  } else if (pick.kind === "rows") {
    const one = readArrangement(new URLSearchParams(pick.within));
    const order = arranged(run, measured(...rangeOf(run, one)), one).order;
    for (let i = pick.first; i <= Math.min(pick.last, order.length - 1); i++) found[order[i]] = 1;
  } else if (pick.kind === "map") {
    const [x0, y0, x1, y1] = pick.box;
    const [across, up] = axes;
    for (let i = 0; i < run.images; i++) if (across[i] >= x0 && across[i] <= x1 && up[i] >= y0 && up[i] <= y1) found[i] = 1;
  } else if (pick.kind === "cell") {
    const said = run.predictions[placeOf(run, pick.epoch, 0)];
    for (let i = 0; i < run.images; i++) if (run.labels[i] === pick.truth && said?.[i] === pick.said) found[i] = 1;
  } else {
    const before = run.predictions[placeOf(run, pick.before, 0)];
    const after = run.predictions[placeOf(run, pick.after, 0)];
    for (let i = 0; i < run.images; i++) if (before?.[i] === pick.from && after?.[i] === pick.to) found[i] = 1;
  }
  return found;
}

/** The picked out among some rows, in their order. */
export function among(rows: Uint32Array, found: Uint8Array): Uint32Array {
  return rows.filter((row) => found[row]);
}
