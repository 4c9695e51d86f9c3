// What is measured of every image over a range of epochs: the same definitions as `crosslight.dynamics.measures`.
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
  const steps = changes(run, from, to);
  const found = {
    ...steps,
    variability: visited(run, from, to),
    confidence: blank(run.images),
    spread: blank(run.images),
    aum: blank(run.images),
  };
  if (run.probability.length > to) [found.confidence, found.spread] = moments(run.probability, run.images, from, to);
  if (run.margin.length > to) [found.aum] = moments(run.margin, run.images, from, to);
  return found;
}

type Steps = Pick<Measures, "frequency" | "misclassification" | "correctness" | "forgetting">;

// An epoch in which an image was not recorded is left out: the one before and the one after it are neighbours.
function changes(run: Run, from: number, to: number): Steps {
  const { images, labels, predictions } = run;
  const last = new Uint16Array(images).fill(MISSING);
  const [known, changed, wrong, forgot] = [new Uint32Array(images), new Uint32Array(images), new Uint32Array(images), new Uint32Array(images)];
  for (let epoch = from; epoch <= to; epoch++) {
    const said = predictions[epoch];
    for (let i = 0; i < images; i++) {
      const now = said[i];
      if (now === MISSING) continue;
      const before = last[i];
      known[i]++;
      if (now !== labels[i]) {
        wrong[i]++;
        if (before === labels[i] && before !== MISSING) forgot[i]++;
      }
      if (before !== MISSING && before !== now) changed[i]++;
      last[i] = now;
    }
  }
  const found: Steps = { frequency: blank(images), misclassification: blank(images), correctness: blank(images), forgetting: blank(images) };
  for (let i = 0; i < images; i++) {
    if (!known[i]) continue;
    if (known[i] > 1) found.frequency[i] = changed[i] / (known[i] - 1);
    if (labels[i] === MISSING) continue;
    found.misclassification[i] = wrong[i] / known[i];
    found.correctness[i] = (known[i] - wrong[i]) / known[i];
    if (wrong[i] < known[i]) found.forgetting[i] = forgot[i];
  }
  return found;
}

// Classes seen, as bits where they fit into a word.
function visited(run: Run, from: number, to: number): Float64Array {
  const { images, predictions, classes } = run;
  const found = blank(images);
  if (classes.length <= 32) {
    const seen = new Uint32Array(images);
    for (let epoch = from; epoch <= to; epoch++) {
      const said = predictions[epoch];
      for (let i = 0; i < images; i++) if (said[i] !== MISSING) seen[i] |= 1 << said[i];
    }
    for (let i = 0; i < images; i++) if (seen[i]) found[i] = bits(seen[i]);
    return found;
  }
  const met = new Int32Array(classes.length).fill(-1);
  for (let i = 0; i < images; i++) {
    let count = 0;
    for (let epoch = from; epoch <= to; epoch++) {
      const now = predictions[epoch][i];
      if (now === MISSING || met[now] === i) continue;
      met[now] = i;
      count++;
    }
    if (count) found[i] = count;
  }
  return found;
}

function bits(word: number): number {
  let left = word - ((word >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return (((left + (left >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

// Mean and standard deviation over epochs of what was recorded.
function moments(values: Float32Array[], images: number, from: number, to: number): [Float64Array, Float64Array] {
  const [sum, count, squares] = [new Float64Array(images), new Uint32Array(images), new Float64Array(images)];
  for (let epoch = from; epoch <= to; epoch++) {
    const one = values[epoch];
    for (let i = 0; i < images; i++) {
      if (one[i] !== one[i]) continue;
      sum[i] += one[i];
      count[i]++;
    }
  }
  const mean = blank(images);
  for (let i = 0; i < images; i++) if (count[i]) mean[i] = sum[i] / count[i];
  for (let epoch = from; epoch <= to; epoch++) {
    const one = values[epoch];
    for (let i = 0; i < images; i++) if (one[i] === one[i]) squares[i] += (one[i] - mean[i]) ** 2;
  }
  const spread = blank(images);
  for (let i = 0; i < images; i++) if (count[i]) spread[i] = Math.sqrt(squares[i] / count[i]);
  return [mean, spread];
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
