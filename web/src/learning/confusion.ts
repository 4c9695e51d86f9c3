// How classes are taken for each other: at one epoch, and from one epoch to another.
import { MISSING, type Run } from "./data.js";

/** Counts `[true × classes + predicted]` of some images at an epoch. */
export function confusion(run: Run, rows: Uint32Array, epoch: number): Uint32Array {
  const size = run.classes.length;
  const counts = new Uint32Array(size * size);
  const said = run.predictions[epoch];
  if (!said) return counts;
  for (let i = 0; i < rows.length; i++) {
    const [truth, now] = [run.labels[rows[i]], said[rows[i]]];
    if (truth !== MISSING && now !== MISSING) counts[truth * size + now]++;
  }
  return counts;
}

export interface Confused {
  truth: number;
  said: number;
  count: number;
  /** share of the true class */
  share: number;
}

/** The confusions of a matrix, the most frequent first. */
export function mostConfused(counts: Uint32Array, size: number, most: number): Confused[] {
  const found: Confused[] = [];
  for (let truth = 0; truth < size; truth++) {
    let all = 0;
    for (let said = 0; said < size; said++) all += counts[truth * size + said];
    for (let said = 0; said < size; said++) {
      const count = counts[truth * size + said];
      if (said !== truth && count) found.push({ truth, said, count, share: count / all });
    }
  }
  return found.sort((a, b) => b.count - a.count || b.share - a.share).slice(0, most);
}

export interface Node {
  /** its place among `keys` */
  key: number;
  count: number;
  lit: number;
}

export interface Stream {
  from: number;
  to: number;
  count: number;
  lit: number;
}

export interface Flow {
  stages: Node[][];
  /** between each stage and the next */
  streams: Stream[][];
}

/** Streams of images between stages; each stage gives every image a key below `keys`, or one that is not counted. */
export function flowOf(rows: Uint32Array, stages: ArrayLike<number>[], keys: number, lit: Uint8Array | null): Flow {
  const nodes = stages.map((stage) => {
    const own = Array.from({ length: keys }, (_, key) => ({ key, count: 0, lit: 0 }));
    for (const row of rows) {
      const node = own[stage[row]];
      if (!node) continue;
      node.count++;
      if (lit?.[row]) node.lit++;
    }
    return own;
  });
  const streams = stages.slice(1).map((stage, k) => {
    const [counts, bright] = [new Uint32Array(keys * keys), new Uint32Array(keys * keys)];
    const before = stages[k];
    for (const row of rows) {
      if (!(before[row] < keys && stage[row] < keys)) continue;
      const at = before[row] * keys + stage[row];
      counts[at]++;
      if (lit?.[row]) bright[at]++;
    }
    const found: Stream[] = [];
    counts.forEach((count, at) => {
      if (count) found.push({ from: Math.floor(at / keys), to: at % keys, count, lit: bright[at] });
    });
    return found;
  });
  return { stages: nodes, streams };
}
