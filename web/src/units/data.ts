// What the view of units is about: what `report/units.py` writes, and how it is read and named.
import { bytesOf, inflated } from "../core/bytes.js";
import { decoded } from "../core/data.js";
import { part } from "../core/parts.js";

/** The units of a layer, labelled in one way. Numbers by unit; null where nothing is known. */
export interface Labels {
  score: string;
  /** the concept; -1 where there is none */
  best: number[];
  /** score of the label, or of the best candidate where there is none */
  value: (number | null)[];
  auc: (number | null)[];
  q: (number | null)[];
  /** groups that the best images fall into; 0 where that was not looked at */
  clusters: number[];
  /** a unit that answers in the same way, or -1 */
  twin: number[];
  /** which of `reasons` there is for having no label */
  why: number[];
  reasons: string[];
}

export interface Layer {
  name: string;
  depth: number;
  grid: [number, number];
  units: number;
  /** units in one part */
  chunk: number;
  dead: number[];
  thresholds: (number | null)[];
  labels: Labels[];
}

export type Box = readonly [number, number, number, number];

export interface Model {
  label: string;
  layers: Layer[];
  /** parts of pictures that the model sees, in shares of their sides */
  boxes: Box[];
  /** which of them, by picture */
  box: number[];
}

export interface Units {
  /** the way of labelling that is shown first */
  score: string;
  /** name, category or nothing, name with plurals folded */
  concepts: [string, string, string][];
  models: Model[];
  /** how many pictures there are, in one part, and what they are called */
  photos: number;
  photosPerPart: number;
  names: string[];
  /** value of a map's highest byte */
  top: number;
}

interface MapsPart {
  /** pictures by unit, best first; -1 fills */
  top: number[][];
  cells: [number, number];
  /** the threshold on the scale of the bytes, by unit */
  level: (number | null)[];
  bytes: string;
  /** by number of the labelling: concept and score, by unit */
  candidates: Record<string, [number, number | null][][]>;
}

/** One unit: positions of its model and layer, and its number. */
export interface Unit {
  model: number;
  layer: number;
  unit: number;
}

/** A unit's best pictures with its maps there. */
export interface UnitMaps {
  pictures: number[];
  cells: readonly [number, number];
  /** null where the threshold is not known */
  level: number | null;
  /** of each picture */
  maps: Uint8Array[];
  /** by way of labelling */
  candidates: [number, number | null][][];
}

export let units: Units;

export async function loadUnits(): Promise<Units> {
  units = await part<Units>("units");
  return units;
}

export function layerOf(one: Unit): Layer {
  return units.models[one.model]!.layers[one.layer]!;
}

/** The labels of a unit's layer by a way of labelling; null where the layer was not labelled so. */
export function labelsOf(one: Unit, score: string): Labels | null {
  return layerOf(one).labels.find((labels) => labels.score === score) ?? null;
}

export function conceptName(concept: number): string {
  return concept < 0 ? "" : units.concepts[concept]![0];
}

export function category(concept: number): string {
  return concept < 0 ? "" : units.concepts[concept]![1];
}

/** Every way of labelling that some layer has. */
export function scores(): string[] {
  const all = units.models.flatMap((model) => model.layers.flatMap((layer) => layer.labels.map((labels) => labels.score)));
  return [...new Set([units.score, ...all])].filter(Boolean);
}

const WORDS: Record<string, string> = {
  iou: "masks (IoU)", "soft-wpmi": "words (soft-WPMI)", wpmi: "words (WPMI)", "rank-reorder": "words (rank reorder)",
  cosine: "words (cosine)", "cosine-cubed": "words (cosine cubed)",
}; // prettier-ignore

export function scoreWords(score: string): string {
  return WORDS[score] ?? score;
}

const unpacked = new Map<string, Promise<{ raw: MapsPart; bytes: Uint8Array }>>();

function opened(name: string): Promise<{ raw: MapsPart; bytes: Uint8Array }> {
  const known = unpacked.get(name);
  if (known) return known;
  const promise = part<MapsPart>(name).then(async (raw) => ({ raw, bytes: await inflated(bytesOf(raw.bytes)) }));
  unpacked.set(name, promise);
  promise.catch(() => unpacked.delete(name));
  return promise;
}

/** Load a unit's best pictures and its maps there. */
export async function loadMaps(one: Unit): Promise<UnitMaps> {
  const layer = layerOf(one);
  const { raw, bytes } = await opened(`units-${one.model}-${one.layer}-${Math.floor(one.unit / layer.chunk)}`);
  const at = one.unit % layer.chunk;
  const all = raw.top[at]!;
  const size = raw.cells[0] * raw.cells[1];
  const there = all.flatMap((picture, i) => (picture < 0 ? [] : [i]));
  return {
    pictures: there.map((i) => all[i]!),
    cells: raw.cells,
    level: raw.level[at] ?? null,
    maps: there.map((i) => bytes.subarray((at * all.length + i) * size, (at * all.length + i + 1) * size)),
    candidates: Object.keys(raw.candidates).map((key) => raw.candidates[key]![at]!),
  };
}

const pictures = new Map<number, Promise<HTMLImageElement | null>>();

/** A small picture; null where there is none. */
export function loadPicture(picture: number): Promise<HTMLImageElement | null> {
  const known = pictures.get(picture);
  if (known) return known;
  const promise = part<(string | null)[]>(`units-photos-${Math.floor(picture / units.photosPerPart)}`).then((all) => {
    const text = all[picture % units.photosPerPart];
    return text ? decoded("image/jpeg", text) : null;
  });
  pictures.set(picture, promise);
  promise.catch(() => pictures.delete(picture));
  return promise;
}

/** The part of a picture that a model sees, in shares of the picture's sides. */
export function boxOf(model: number, picture: number): Box {
  const own = units.models[model]!;
  return own.boxes[own.box[picture] ?? 0] ?? [0, 0, 1, 1];
}
