// What is measured of every image over a range of epochs: the same definitions as `crosslight.dynamics.measures`.
import { byImage } from "./byimage.js";
import { MISSING, type Run } from "./data.js";

export type MeasureName = "frequency" | "variability" | "misclassification" | "confidence" | "spread" | "forgetting" | "aum";

/** One number for each image; NaN where it is not defined. */
export type Measures = Record<MeasureName, Float64Array> & {
  /** share of epochs in which an image was right */
  correctness: Float64Array;
};

export interface About {
  name: MeasureName;
  title: string;
  /** what it says, in a sentence */
  words: string;
  /** how a value is written */
  kind: "share" | "count" | "signed";
}

export const MEASURES: readonly About[] = [
  { name: "misclassification", title: "misclassification rate", words: "Share of the epochs in which the prediction was wrong.", kind: "share" },
  { name: "frequency", title: "frequency", words: "Share of the steps from one epoch to the next at which the prediction changed.", kind: "share" },
  { name: "variability", title: "variability", words: "Number of different classes that were predicted.", kind: "count" },
  { name: "forgetting", title: "forgetting events", words: "How often a right prediction was followed by a wrong one; none for images that were never right.", kind: "count" },
  { name: "confidence", title: "confidence", words: "Mean probability of the true class.", kind: "share" },
  { name: "spread", title: "probability variability", words: "Standard deviation of the probability of the true class over the epochs.", kind: "share" },
  { name: "aum", title: "margin (AUM)", words: "Area under the margin: mean of the true class's logit minus the largest other. Low for wrong labels.", kind: "signed" },
];

/** The measures that a run has. */
export function measuresOf(run: Run): About[] {
  return MEASURES.filter(({ name }) => {
    if (name === "frequency" || name === "variability") return true;
    if (name === "confidence" || name === "spread") return run.head.probability;
    return name === "aum" ? run.head.margin !== null : run.labelled;
  });
}

function blank(count: number): Float64Array {
  return new Float64Array(count).fill(NaN);
}

/** All measures over the epochs at the places `from` to `to`, both included. */
export function measure(run: Run, from: number, to: number): Measures {
  const found = { ...counted(run, from, to), confidence: blank(run.images), spread: blank(run.images), aum: blank(run.images) };
  if (run.probability.length > to) {
    found.confidence = means(run.probability, run.images, from, to);
    found.spread = deviations(run.probability, found.confidence, from, to);
  }
  if (run.margin.length > to) found.aum = means(run.margin, run.images, from, to);
  return found;
}

type Counted = Pick<Measures, "frequency" | "variability" | "misclassification" | "correctness" | "forgetting">;

// An epoch in which an image was not recorded is left out: the one before and the one after it are neighbours.
function counted(run: Run, from: number, to: number): Counted {
  const { images, labels, classes } = run;
  const epochs = run.epochs.length;
  const said = byImage(run);
  const missing = said instanceof Uint8Array ? 255 : MISSING;
  const found: Counted = { frequency: blank(images), variability: blank(images), misclassification: blank(images), correctness: blank(images), forgetting: blank(images) };
  const few = classes.length <= 32; // classes seen fit into the bits of a word
  const met = new Int32Array(classes.length).fill(-1);
  for (let i = 0; i < images; i++) {
    const label = labels[i];
    const end = i * epochs + to;
    let last = missing;
    let known = 0;
    let changed = 0;
    let wrong = 0;
    let forgot = 0;
    let visited = 0;
    let seen = 0;
    for (let at = i * epochs + from; at <= end; at++) {
      const now = said[at];
      if (now === missing) continue;
      known++;
      if (now !== label) wrong++;
      if (now === last) continue;
      if (last !== missing) changed++;
      if (last === label && last !== missing) forgot++;
      last = now;
      if (few) seen |= 1 << now;
      else if (met[now] !== i) {
        met[now] = i;
        visited++;
      }
    }
    if (!known) continue;
    if (known > 1) found.frequency[i] = changed / (known - 1);
    found.variability[i] = few ? bits(seen >>> 0) : visited;
    if (label === MISSING) continue;
    found.misclassification[i] = wrong / known;
    found.correctness[i] = (known - wrong) / known;
    if (wrong < known) found.forgetting[i] = forgot;
  }
  return found;
}

function bits(word: number): number {
  let left = word - ((word >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return (((left + (left >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

// Means over the epochs in which something was recorded.
function means(values: Float32Array[], images: number, from: number, to: number): Float64Array {
  const sum = new Float64Array(images);
  const count = new Uint32Array(images);
  for (let epoch = from; epoch <= to; epoch++) {
    const one = values[epoch];
    for (let i = 0; i < images; i++) {
      const value = one[i];
      if (value !== value) continue;
      sum[i] += value;
      count[i]++;
    }
  }
  for (let i = 0; i < images; i++) sum[i] = count[i] ? sum[i] / count[i] : NaN;
  return sum;
}

function deviations(values: Float32Array[], mean: Float64Array, from: number, to: number): Float64Array {
  const squares = new Float64Array(mean.length);
  const count = new Uint32Array(mean.length);
  for (let epoch = from; epoch <= to; epoch++) {
    const one = values[epoch];
    for (let i = 0; i < mean.length; i++) {
      const off = one[i] - mean[i];
      if (off !== off) continue;
      squares[i] += off * off;
      count[i]++;
    }
  }
  for (let i = 0; i < mean.length; i++) squares[i] = count[i] ? Math.sqrt(squares[i] / count[i]) : NaN;
  return squares;
}

/** Share of right predictions among the labelled images of an epoch; NaN where there are none. */
export function accuracyAt(run: Run, epoch: number): number {
  const said = run.predictions[epoch];
  let [known, right] = [0, 0];
  for (let i = 0; i < run.images; i++) {
    if (said[i] === MISSING || run.labels[i] === MISSING) continue;
    known++;
    if (said[i] === run.labels[i]) right++;
  }
  return known ? right / known : NaN;
}
