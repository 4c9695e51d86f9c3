// A recorded run: what `report/learning/payload.py` writes, and how it is read.
import { bytesOf, inflated } from "../core/bytes.js";
import { part } from "../core/parts.js";
import { floats16, floats32 } from "./numbers.js";

/** Stands for a prediction or a label that is not known. */
export const MISSING = 65_535;

export interface Finding {
  head: string;
  text: string;
  warns: boolean;
  /** that it is about; at most some of them */
  images: number[];
}

/** Small pictures on sheets. */
export interface Sheets {
  /** name of the parts, before the number of each */
  part: string;
  /** of a picture, in pixels */
  side: number;
  /** pictures side by side on a sheet, and on all of it */
  across: number;
  per: number;
  /** images that have a picture */
  shown: number;
  /** what is not shown, and why; may be empty */
  note: string;
}

export type Metrics = Record<string, (number | null)[]>;

/** What a page knows of a run before it is looked at. */
export interface RunHead {
  label: string;
  classes: string[];
  images: number;
  epochs: number[];
  metrics: Metrics;
  facts: [string, string][];
  findings: Finding[];
  remarks: string[];
  probability: boolean;
  margin: "float16" | "float32" | null;
  /** what a reader should know of how numbers were kept; may be empty */
  note: string;
  pictures: Sheets | null;
  /** folder of what is added while training runs, relative to the page; null where nothing is */
  live: string | null;
}

export interface LearningHead {
  runs: RunHead[];
}

interface Body {
  /** whether predictions are uint16 */
  wide: boolean;
  predictions: string;
  labels: string;
  ids: string;
  /** place of each image's picture, or −1; null where there are no pictures */
  places: string | null;
}

/** A run with its predictions, epoch by epoch; of an epoch, one number for each image. */
export interface Run {
  head: RunHead;
  number: number;
  images: number;
  classes: readonly string[];
  /** as they were given */
  epochs: number[];
  labels: Uint16Array;
  ids: readonly string[];
  predictions: Uint16Array[];
  /** of the true class; empty until it is loaded, or where none was recorded */
  probability: Float32Array[];
  margin: Float32Array[];
  metrics: Metrics;
  places: Int32Array | null;
  /** whether anything says what images show */
  labelled: boolean;
}

async function unpacked(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return inflated(bytesOf(text));
}

/** One epoch of predictions out of bytes; 255 of one byte stands for nothing. */
export function widened(bytes: Uint8Array, wide: boolean, before: Uint8Array | null): { values: Uint16Array; bytes: Uint8Array } {
  const own = bytes.slice();
  if (before) for (let i = 0; i < own.length; i++) own[i] ^= before[i];
  if (wide) return { values: new Uint16Array(own.buffer), bytes: own };
  const values = new Uint16Array(own.length);
  for (let i = 0; i < own.length; i++) values[i] = own[i] === 255 ? MISSING : own[i];
  return { values, bytes: own };
}

const kept = new Map<number, Promise<Run>>();

/** Load a run; once. */
export function loadRun(head: RunHead, number: number): Promise<Run> {
  const known = kept.get(number);
  if (known) return known;
  const promise = read(head, number);
  kept.set(number, promise);
  return promise;
}

async function read(head: RunHead, number: number): Promise<Run> {
  const body = await part<Body>(`learning-${number}`);
  const [said, labels, ids, places] = await Promise.all([
    unpacked(body.predictions),
    unpacked(body.labels),
    unpacked(body.ids),
    body.places === null ? null : unpacked(body.places),
  ]);
  const each = head.images * (body.wide ? 2 : 1);
  const predictions: Uint16Array[] = [];
  let before: Uint8Array | null = null;
  for (let epoch = 0; epoch < head.epochs.length; epoch++) {
    const one = widened(said.subarray(epoch * each, (epoch + 1) * each), body.wide, before);
    predictions.push(one.values);
    before = one.bytes;
  }
  const truth = new Uint16Array(labels.buffer);
  return {
    head,
    number,
    images: head.images,
    classes: head.classes,
    epochs: [...head.epochs],
    labels: truth,
    ids: JSON.parse(new TextDecoder().decode(ids)) as string[],
    predictions,
    probability: [],
    margin: [],
    metrics: { ...head.metrics },
    places: places && new Int32Array(places.buffer),
    labelled: truth.some((label) => label !== MISSING),
  };
}

/** Load probabilities and margins, where they were recorded; true if there are more than before. */
export async function loadNumbers(run: Run): Promise<boolean> {
  const { head, number, images } = run;
  const count = head.epochs.length;
  const before = run.probability.length + run.margin.length;
  const load = async (name: "probability" | "margin", wide: boolean): Promise<void> => {
    if (run[name].length || !count) return;
    const bytes = await unpacked((await part<{ bytes: string }>(`learning-${number}-${name}`)).bytes);
    run[name] = wide ? floats32(bytes, count, images) : floats16(bytes, count, images);
  };
  await Promise.all([head.probability && load("probability", false), head.margin && load("margin", head.margin === "float32")]);
  return run.probability.length + run.margin.length > before;
}

/** The name of a class, and of none. */
export function className(run: Run, value: number): string {
  return value === MISSING ? "none" : (run.classes[value] ?? `class ${value}`);
}
