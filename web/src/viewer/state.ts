// What is chosen, shown and known; everything that draws reads it from here and is told when it changes.
import { DEFAULT_STYLE, type Style } from "../core/overlay.js";
import type { Answer, MapTile, Method, Model, Photo, Server, Settings, Target } from "./api.js";

export interface Chosen {
  name: string;
  /** those that differ from the method's own */
  settings: Settings;
}

export interface Choices {
  models: number[];
  methods: Chosen[];
  target: Target;
  /** one photograph under all methods, or all photographs under one method */
  layout: "photo" | "method";
  photo: string | null;
  method: string | null;
  style: Style;
}

export type Result =
  | { state: "done"; tile: MapTile; target: Answer; seconds: number; status: string; diagnostics: Record<string, number>; order: number }
  | { state: "skipped" | "failed"; reason: string }
  | { state: "stopped" };

export interface Place {
  photo: string;
  model: number;
  method: Chosen;
}

export let server: Server;
export const photos: Photo[] = [];
export const pictures = new Map<string, HTMLImageElement>();
export const answers = new Map<string, Answer[]>();
export const results = new Map<string, Result>();
/** models whose weights are being read now, and since when (performance.now) */
export const loading = new Map<number, number>();
export const choices: Choices = {
  models: [],
  methods: [],
  target: { kind: "own" },
  layout: "photo",
  photo: null,
  method: null,
  style: { ...DEFAULT_STYLE },
};

/** What changed: the layout of the page, or what single cells show, or how far the work is. */
export type Change = "layout" | "cells" | "progress" | "style";
const listeners: ((changes: Set<Change>) => void)[] = [];
const changed = new Set<Change>();

export function onChange(listener: (changes: Set<Change>) => void): void {
  listeners.push(listener);
}

/** Tell, once a frame, that something changed. */
export function tell(change: Change): void {
  if (changed.size === 0) {
    // Frames stop in a tab that is not seen; work and its words go on there.
    const flush = (): void => {
      const told = new Set(changed);
      changed.clear();
      for (const listener of listeners) listener(told);
    };
    if (document.hidden) setTimeout(flush, 50);
    else requestAnimationFrame(flush);
  }
  changed.add(change);
}

const KEPT = "crosslight-viewer";

/** Change what is chosen; it survives a reload of this tab and is nobody else's. */
export function choose(change: Partial<Choices>): void {
  Object.assign(choices, change);
  keep();
  tell(Object.keys(change).every((key) => key === "style") ? "style" : "layout");
}

export function keep(): void {
  const models = choices.models.map((id) => modelOf(id).source + "\n" + modelOf(id).label);
  const kept = { ...choices, models, photos: photos.map((photo) => photo.id) };
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ ...kept, known: photos }));
  } catch {
    // A browser that keeps nothing still shows everything.
  }
}

/** Begin with what this tab chose before, as far as the server still has it; returns the photographs it had. */
export function begin(from: Server): Photo[] {
  server = from;
  let kept: Partial<Omit<Choices, "models"> & { models: string[]; known: Photo[] }> = {};
  try {
    kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") as typeof kept;
  } catch {
    kept = {};
  }
  const named = (kept.models ?? []).map((name) => server.models.find((model) => `${model.source}\n${model.label}` === name)?.id);
  choices.models = named.filter((id): id is number => id !== undefined);
  choices.methods = (kept.methods ?? []).filter((chosen) => server.methods.some((method) => method.name === chosen.name));
  choices.target = kept.target ?? { kind: "own" };
  choices.layout = kept.layout ?? "photo";
  choices.photo = kept.photo ?? null;
  choices.method = kept.method ?? null;
  choices.style = { ...DEFAULT_STYLE, ...kept.style };
  if (choices.models.length === 0) choices.models = firstModels();
  if (choices.methods.length === 0) choices.methods = firstMethods();
  return kept.known ?? [];
}

// What the command named comes first, then the study's, then different kinds of the embedded networks.
function firstModels(): number[] {
  const named = server.models.filter((model) => model.origin === "command line");
  if (named.length > 0) return named.slice(0, 4).map((model) => model.id);
  const study = server.models.filter((model) => model.origin === "study");
  if (study.length > 0) return study.slice(0, 4).map((model) => model.id);
  const seen = new Set<string>();
  const kinds = server.models.filter((model) => {
    const fresh = !seen.has(model.family);
    seen.add(model.family);
    return fresh;
  });
  return kinds.slice(0, 4).map((model) => model.id);
}

function firstMethods(): Chosen[] {
  const first = server.methods.find((method) => method.name === "grad-cam") ?? server.methods[0];
  return first ? [{ name: first.name, settings: {} }] : [];
}

export function modelOf(id: number): Model {
  return server.models.find((model) => model.id === id)!;
}

export function methodOf(chosen: Chosen): Method {
  return server.methods.find((method) => method.name === chosen.name)!;
}

export function photoOf(id: string): Photo | undefined {
  return photos.find((photo) => photo.id === id);
}

/** A method's settings that are not its own, in words; empty where there are none. */
function settingsWords(chosen: Chosen): string {
  return Object.entries(chosen.settings)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${String(value)}`)
    .join(", ");
}

export function labelOf(chosen: Chosen): string {
  const words = settingsWords(chosen);
  return words ? `${methodOf(chosen).label} (${words})` : methodOf(chosen).label;
}

export function methodKey(chosen: Chosen): string {
  const settings = Object.entries(chosen.settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return settings.length > 0 ? `${chosen.name} ${JSON.stringify(settings)}` : chosen.name;
}

export function targetKey(target: Target = choices.target): string {
  return target.kind === "class" ? `class ${target.name}` : target.kind;
}

export function keyOf(place: Place, target: string = targetKey()): string {
  return [place.photo, place.model, methodKey(place.method), target].join("\n");
}

export function answersOf(photo: string, model: number): Answer[] | undefined {
  return answers.get(`${photo}\n${model}`);
}

/** The photograph that is looked at. */
export function currentPhoto(): Photo | undefined {
  return photos.find((photo) => photo.id === choices.photo) ?? photos[0];
}

/** The method that is looked at where the rows are photographs. */
export function currentMethod(): Chosen | undefined {
  return choices.methods.find((method) => methodKey(method) === choices.method) ?? choices.methods[0];
}

/** Rows of the board: methods or photographs. */
export function places(): Place[][] {
  const row = (photo: string, method: Chosen): Place[] => choices.models.map((model) => ({ photo, model, method }));
  if (choices.layout === "photo") {
    const photo = currentPhoto();
    return photo ? choices.methods.map((method) => row(photo.id, method)) : [];
  }
  const method = currentMethod();
  return method ? photos.map((photo) => row(photo.id, method)) : [];
}

const newest = new Map<string, Result & { state: "done" }>();

/** Keep a result, also as the last that was seen at its place whatever the class. */
export function found(place: Place, target: string, result: Result): void {
  results.set(keyOf(place, target), result);
  if (result.state === "done") newest.set(keyOf(place, ""), result);
}

/** The last map of a place, of whatever class: shown dimmed until the one that was asked for is there. */
export function lastMap(place: Place): (Result & { state: "done" }) | undefined {
  return newest.get(keyOf(place, ""));
}

export function forgetPhoto(id: string): void {
  for (const known of [results, newest, answers]) {
    for (const key of known.keys()) if (key.startsWith(`${id}\n`)) known.delete(key);
  }
  pictures.delete(id);
}
