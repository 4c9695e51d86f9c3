// The data of a report: what `report/page.py` and `report/tiles.py` write, and how it is read and named.
import { bytesOf, inflated } from "./bytes.js";
import type { Tile } from "./overlay.js";
import { forget, part } from "./parts.js";
import { firstName } from "./words.js";

export interface ImageEntry {
  name: string;
  label: string | null;
  id: string;
  /** width and height of the upright photograph */
  size: [number, number] | null;
  photo: boolean;
  /** whether there is a larger copy, the part `photo-<row>` */
  large: boolean;
}

export interface Model {
  label: string;
  family: string;
  /** what agreement may be ordered by: parameters, accuracy here, ... */
  facts: Record<string, number | string | null>;
  /** which list of `Data.classes` */
  classes: number;
  /** classes by falling probability; -1 where there is no prediction */
  top: number[][];
  p: (number | null)[][];
  truth: number[];
  why: Record<string, string>;
}

export interface Method {
  label: string;
  measure: string;
  signed: boolean;
  fine: boolean;
  superpixels: boolean;
  cells: Record<string, [number, number]>;
  target: string;
  finish: string;
  limit: number | null;
  sites: Record<string, string | null>;
  /** mean similarity between the models' maps of each image */
  score: (number | null)[];
  /** images in one part */
  chunk: number;
}

export interface Data {
  name: string;
  classes: string[][];
  images: ImageEntry[];
  models: Model[];
  methods: Method[];
  status: Record<string, string>;
  /** for each image the number of different classes that models name */
  agree: number[];
  /** photographs in one part */
  photographs: number;
  /** names of the parts that there are besides, such as `agree-0`, `classes` */
  parts: string[];
}

interface Column {
  native: [number, number];
  cells: [number, number];
  signed: boolean;
  /** whether every tile is followed by its `rest` */
  exact: boolean;
  status: number[];
  at: number[];
  limit: number[];
  box: (number | null)[][];
  range: ([number, number] | null)[];
  target: [number, number][];
  diagnostics: Record<string, (number | null)[]>;
  why: Record<string, string>;
}

interface MapsPart {
  columns: (Column | null)[];
  bytes: string;
}

/** What is known of one map. `tile` is null where there is nothing to be seen, and `reason` says why. */
export interface MapFacts {
  tile: Tile | null;
  status: string;
  reason: string;
  why: string;
  range: [number, number] | null;
  target: [number, number];
  diagnostics: [string, number | null][];
  native: [number, number];
}

const OK = 1;

export let data: Data;

/** Load what the page is about; everything else asks for it. */
export async function loadData(): Promise<Data> {
  data = await part<Data>("data");
  return data;
}

const unpacked = new Map<string, Promise<Uint8Array>>();
const ready = new Map<string, { columns: (Column | null)[]; bytes: Uint8Array }>();

function partOf(method: number, image: number): string {
  return `maps-${method}-${Math.floor(image / data.methods[method]!.chunk)}`;
}

/** Load the maps of an image under a method, with those of its neighbours. */
export async function loadMaps(method: number, image: number): Promise<void> {
  const name = partOf(method, image);
  if (ready.has(name)) return;
  const raw = await part<MapsPart>(name);
  if (!unpacked.has(name)) unpacked.set(name, inflated(bytesOf(raw.bytes)));
  ready.set(name, { columns: raw.columns, bytes: await unpacked.get(name)! });
  raw.bytes = "";
}

/** The first image of every part of a method's maps. */
export function firstImages(method: number): number[] {
  const chunk = data.methods[method]!.chunk;
  return Array.from({ length: Math.ceil(data.images.length / chunk) }, (_, i) => i * chunk);
}

/** Whether the maps of an image are there, so that they can be drawn at once. */
export function mapsReady(method: number, image: number): boolean {
  return ready.has(partOf(method, image));
}

/** What is known of a map; null while its part is not loaded (see `loadMaps`). */
export function mapOf(method: number, image: number, model: number): MapFacts | null {
  const found = ready.get(partOf(method, image));
  if (!found) return null;
  const about = data.methods[method]!;
  const column = found.columns[model];
  if (!column) {
    const none: MapFacts = {
      tile: null, status: "", reason: "no maps of this model", why: "", range: null, target: [-1, -1],
      diagnostics: [], native: [0, 0],
    }; // prettier-ignore
    return none;
  }
  const i = image % about.chunk;
  const start = column.at[i]!;
  const word = data.status[String(column.status[i])] ?? "";
  const [rows, columns] = column.cells;
  const tile: Tile | null =
    start < 0
      ? null
      : {
          cells: column.cells,
          native: column.native,
          box: column.box[i] as unknown as [number, number, number, number],
          signed: column.signed,
          limit: column.limit[i]!,
          bytes: found.bytes.subarray(start, start + rows * columns),
          rest: column.exact ? found.bytes.subarray(start + rows * columns, start + 2 * rows * columns) : undefined,
          flat: about.superpixels,
        };
  return {
    tile,
    status: word,
    reason: tile ? "" : column.status[i] === OK ? `zero after ${about.finish}` : word,
    why: column.why[String(i)] ?? "",
    range: column.range[i] ?? null,
    target: column.target[i]!,
    diagnostics: Object.entries(column.diagnostics).map(([name, values]) => [name, values[i] ?? null]),
    native: column.native,
  };
}

/** A picture out of base64 text; as such it may be drawn and saved, which a file beside a page on a disk may not. */
export async function decoded(type: string, text: string): Promise<HTMLImageElement> {
  const picture = new Image();
  picture.alt = ""; // what is seen stands in words beside it
  picture.src = `data:${type};base64,${text}`;
  await picture.decode();
  return picture;
}

const pictures = new Map<number, Promise<HTMLImageElement | null>>();
const shown = new Map<number, HTMLImageElement | null>();

/** The small photograph of an image; null where there is none. */
export function loadPhoto(image: number): Promise<HTMLImageElement | null> {
  const begun = pictures.get(image);
  if (begun) return begun;
  const promise = part<(string | null)[]>(`photographs-${Math.floor(image / data.photographs)}`).then(async (all) => {
    const text = all[image % data.photographs];
    if (!text) return null;
    return decoded("image/jpeg", text);
  });
  pictures.set(image, promise);
  promise.then(
    (picture) => shown.set(image, picture),
    () => shown.set(image, null),
  );
  return promise;
}

/** The small photograph where it is decoded already; undefined while it is not. */
export function photoNow(image: number): HTMLImageElement | null | undefined {
  return shown.get(image);
}

const larger = new Map<number, HTMLImageElement>();
/** Large photographs that are held at a time. */
const MOST_LARGE = 12;

/** The large photograph of an image; null where there is none but the small one. */
export async function loadLarge(image: number): Promise<HTMLImageElement | null> {
  if (!data.images[image]!.large) return null;
  const found = larger.get(image);
  if (found) return found;
  const name = `photo-${image}`;
  const { type, bytes } = await part<{ type: string; bytes: string }>(name);
  const picture = await decoded(type, bytes);
  forget(name);
  if (larger.size >= MOST_LARGE) larger.delete(larger.keys().next().value!);
  larger.set(image, picture);
  return picture;
}

/** Whether a part that is not in every report is in this one. */
export function has(name: string): boolean {
  return data.parts.includes(name);
}

/** Size of the upright photograph; square where nobody knows. */
export function sizeOf(image: number): [number, number] {
  return data.images[image]!.size ?? [1, 1];
}

export function className(model: number, index: number): string {
  if (index < 0) return "";
  return data.classes[data.models[model]!.classes]![index] ?? String(index);
}

/** The colour of a model's family, as a token: families have colours in the order in which they first stand. */
export function familyColour(model: number): string {
  const families = [...new Set(data.models.map((one) => one.family))];
  return `var(--c${families.indexOf(data.models[model]!.family) % 7})`;
}

/** The first synonym of a class. */
export function shortName(model: number, index: number): string {
  return firstName(className(model, index));
}

export interface Prediction {
  index: number;
  name: string;
  p: number | null;
  /** null where nobody knows */
  right: boolean | null;
}

/** What a model said of an image; null where it said nothing. */
export function prediction(model: number, image: number): Prediction | null {
  const column = data.models[model]!;
  const index = column.top[image]?.[0] ?? -1;
  if (index < 0) return null;
  const truth = column.truth[image] ?? -1;
  return {
    index, name: shortName(model, index), p: column.p[image]?.[0] ?? null, right: truth < 0 ? null : truth === index,
  }; // prettier-ignore
}

/** The label of an image as a class name where a model knows it, else as it is written. */
export function labelOf(image: number): string {
  for (let m = 0; m < data.models.length; m++) {
    const truth = data.models[m]!.truth[image] ?? -1;
    if (truth >= 0) return shortName(m, truth);
  }
  return data.images[image]!.label ?? "";
}
