// What the local server says and takes (its side: `src/crosslight/viewer/`).
import { bytesOf } from "../core/bytes.js";
import type { Tile } from "../core/overlay.js";

export type Value = string | number | boolean | null;
export type Settings = Record<string, Value>;

export interface Model {
  id: number;
  label: string;
  source: string;
  family: string;
  parameters: number | null;
  input: [number, number] | null;
  accuracy: number | null;
  loaded: boolean;
  origin: string;
}

export interface Setting {
  name: string;
  type: "int" | "float" | "bool" | "choice" | "text";
  default: Value;
  choices?: Value[];
  min?: number | null;
  max?: number | null;
  help?: string;
  /** whether it may be left empty */
  optional?: boolean;
}

export interface Method {
  name: string;
  label: string;
  group: string;
  cost: { evaluations: number | null; words: string };
  cheap: boolean;
  signed: boolean;
  summary: string;
  reference: string;
  needs: string;
  settings: Setting[];
}

export interface Server {
  version: string;
  study: { name: string; report: boolean } | null;
  device: string;
  limits: { bytes: number; pixels: number; photos: number };
  save: boolean;
  models: Model[];
  methods: Method[];
  samples: { id: string; name: string }[];
}

export interface Photo {
  id: string;
  name: string;
  width: number;
  height: number;
}

export interface Answer {
  index: number;
  name: string;
  p: number;
}

export type Target = { kind: "own" } | { kind: "class"; name: string } | { kind: "top"; k: number };

export interface Asked {
  photos: string[];
  models: number[];
  methods: { name: string; settings: Settings }[];
  target: Target;
}

type RawTile = Omit<Tile, "bytes"> & { range: [number, number]; bytes: string };
export type MapTile = Tile & { range: [number, number] };

export type Event =
  | { type: "progress"; done: number; of: number; now: string; passes?: [number, number] | null; seconds: number }
  | { type: "prediction"; photo: string; model: number; top: Answer[]; seconds: number }
  | { type: "map"; photo: string; model: number; method: string; entry?: number; label: string; settings: Settings; target: Answer; tile: MapTile; status?: string; diagnostics?: Record<string, number>; seconds: number }
  | { type: "skipped" | "failed"; photo: string | null; model: number | null; method: string | null; entry?: number; reason: string }
  | { type: "loading" | "loaded"; model: number }
  | { type: "done"; seconds: number }
  | { type: "cancelled"; done: number; of: number }
  | { type: "saved"; folder: string; report: string };

/** A request that the server refused, in its own words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** The server did not answer. */
export class Gone extends Error {}

let whenGone: () => void = () => undefined;

/** Be told when the server stops answering. */
export function onGone(listener: () => void): void {
  whenGone = listener;
}

async function ask(method: string, path: string, body?: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  let answer: Response;
  try {
    const marked = method === "GET" ? headers : { "X-Crosslight": "1", ...headers };
    answer = await fetch(path, { method, headers: marked, ...(body === undefined ? {} : { body }) });
  } catch {
    whenGone();
    throw new Gone("The server does not answer.");
  }
  if (answer.ok) return answer;
  const said = (await answer.json().catch(() => ({}))) as { error?: string; hint?: string };
  throw new Refusal(answer.status, said.error ?? `The server answered ${answer.status}.`, said.hint ?? "");
}

async function askJson<T>(method: string, path: string, body?: unknown): Promise<T> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return (await (await ask(method, path, text, text ? { "Content-Type": "application/json" } : {})).json()) as T;
}

export function readServer(): Promise<Server> {
  return askJson("GET", "/api/state");
}

/** Whether the server answers; tells nobody. */
export async function isThere(): Promise<boolean> {
  try {
    return (await fetch("/api/state")).ok;
  } catch {
    return false;
  }
}

export async function sendPhoto(file: Blob, name: string): Promise<Photo> {
  const headers = { "X-Name": encodeURIComponent(name), "Content-Type": "application/octet-stream" };
  return (await (await ask("POST", "/api/photos", file, headers)).json()) as Photo;
}

export function takeSample(id: string): Promise<Photo> {
  return askJson("POST", `/api/samples/${encodeURIComponent(id)}`);
}

export function photoAddress(id: string, side: number): string {
  return `/api/photos/${encodeURIComponent(id)}.jpg?side=${side}`;
}

export function sampleAddress(id: string, side: number): string {
  return `/api/samples/${encodeURIComponent(id)}.jpg?side=${side}`;
}

export async function readClasses(model: number): Promise<string[]> {
  return (await askJson<{ classes: string[] }>("GET", `/api/models/${model}/classes`)).classes;
}

export function startJob(asked: Asked): Promise<{ job: string; tasks: number }> {
  return askJson("POST", "/api/jobs", asked);
}

export async function stopJob(job: string): Promise<void> {
  await ask("DELETE", `/api/jobs/${encodeURIComponent(job)}`).catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error; // it was done before
  });
}

/** Stop a job while the page goes away, when nothing can be waited for. */
export function stopJobUnheard(job: string): void {
  void fetch(`/api/jobs/${encodeURIComponent(job)}`, {
    method: "DELETE",
    headers: { "X-Crosslight": "1" },
    keepalive: true,
  }).catch(() => undefined);
}

export function startSaving(name: string, asked: Asked): Promise<{ job: string; folder: string }> {
  return askJson("POST", "/api/save", { name, ...asked });
}

const LAST = new Set(["done", "cancelled", "saved"]);

/** Hear what a job does until it ends; the browser reconnects by itself and asks for what it missed. */
export function listen(job: string, hear: (event: Event) => void): () => void {
  const source = new EventSource(`/api/jobs/${encodeURIComponent(job)}/events`);
  let failures = 0;
  source.onmessage = (message) => {
    failures = 0;
    const event = JSON.parse(message.data as string) as Event;
    if (event.type === "map") {
      const raw = event.tile as unknown as RawTile;
      event.tile = { ...raw, bytes: bytesOf(raw.bytes) };
    }
    if (LAST.has(event.type)) source.close();
    hear(event);
  };
  source.onerror = () => {
    failures++;
    if (failures > 1 || source.readyState === EventSource.CLOSED) whenGone();
  };
  return () => source.close();
}
