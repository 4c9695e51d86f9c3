// Asking the server for what is shown and not known yet, and nothing else.
import { say } from "../core/dom.js";
import { Gone, Refusal, listen, startJob, stopJob, stopJobUnheard, type Event } from "./api.js";
import { notice } from "./notices.js";
import {
  answers, choices, found, keyOf, loading, methodKey, methodOf, modelOf, places, results, targetKey, tell,
  type Chosen, type Place,
} from "./state.js"; // prettier-ignore
import { counted, duration } from "./words.js";

interface Job {
  id: string | null;
  photos: string[];
  models: number[];
  methods: Chosen[];
  target: string;
  /** what it still owes, by key */
  owes: Map<string, Place>;
  done: number;
  of: number;
  now: string;
  passes: [number, number] | null;
  /** what the server computes, and since when (performance.now) */
  at: Place | null;
  since: number;
  close: () => void;
  unwanted: boolean;
}

/** Settings that say how many passes a method takes. */
const COUNTS = ["samples", "num_samples", "steps", "masks"];
/** Passes of a method that takes one for each channel, of which nothing more is known here. */
const PER_CHANNEL = 60;

/** Passes after which their speed says something: the first ones wait for segments and the like. */
const ENOUGH = 32;

/** More would take the connections that a browser allows for one server. */
const MOST_JOBS = 2;
const jobs: Job[] = [];
let began = 0;
let counting = { done: 0, of: 0 };
let order = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;
interface Finished {
  maps: number;
  seconds: number;
}

let finished: Finished | null = null;
let made = 0;
let lastWanted = "";

/** Compare what is shown with what is known and under way, and mend the difference. */
export function update(delay = 60): void {
  clearTimeout(waiting);
  waiting = setTimeout(reconcile, delay);
}

function reconcile(): void {
  const target = targetKey();
  const wanted = new Map<string, Place>();
  for (const place of places().flat()) wanted.set(keyOf(place, target), place);
  for (const job of [...jobs]) {
    const idle = [...job.owes.keys()].some((key) => !wanted.has(key));
    if (idle) drop(job);
  }
  const missingNow = (): [string, Place][] => {
    const owed = new Set(jobs.flatMap((job) => [...job.owes.keys()]));
    return [...wanted].filter(([key]) => !results.has(key) && !owed.has(key));
  };
  const all = [...wanted.keys()].join("\t");
  const asked = missingNow().map(([, place]) => place);
  if (all !== lastWanted && asked.length > 0 && (jobs.length >= MOST_JOBS || isInTheWay(asked))) {
    // One job of everything: the server takes its cheap maps first, whatever was asked for first.
    for (const job of [...jobs]) drop(job);
  }
  lastWanted = all;
  const missing = missingNow();
  for (const group of grouped(missing.map(([, place]) => place))) {
    if (jobs.length >= MOST_JOBS) break; // it is asked for when one of them is done
    void ask(group, target);
  }
  tell("progress");
  tell("cells");
}

// Whether a long map, far from its end, holds up one that could be there at once: it is better begun again later.
function isInTheWay(asked: Place[]): boolean {
  if (!asked.some((place) => methodOf(place.method).cheap)) return false;
  return jobs.some((job) => {
    if (!job.passes || job.passes[1] < ENOUGH) return false;
    const share = job.passes[0] / job.passes[1];
    const seconds = (performance.now() - job.since) / 1000;
    return share < 0.6 && (share === 0 || (seconds / share) * (1 - share) > 2);
  });
}

interface Group {
  photos: string[];
  models: number[];
  methods: Chosen[];
  places: Place[];
}

// Full products of photographs, models and methods, as few as there can be without much thought.
function grouped(missing: Place[]): Group[] {
  const byColumn = new Map<string, { methods: Map<string, Chosen>; places: Place[] }>();
  for (const place of missing) {
    const key = `${place.photo}\n${place.model}`;
    const column = byColumn.get(key) ?? { methods: new Map<string, Chosen>(), places: [] };
    byColumn.set(key, column);
    column.methods.set(methodKey(place.method), place.method);
    column.places.push(place);
  }
  const groups = new Map<string, Group>();
  const join = (key: string, next: Group): void => {
    const known = groups.get(key);
    if (!known) return void groups.set(key, next);
    known.photos = [...new Set([...known.photos, ...next.photos])];
    known.models = [...new Set([...known.models, ...next.models])];
    known.places.push(...next.places);
  };
  for (const column of byColumn.values()) {
    const { photo, model } = column.places[0]!;
    const methods = [...column.methods.keys()].join("\t");
    // Models that lack the same of one photograph go together, or photographs where only they are the reason.
    const others = missing.filter((place) => place.photo === photo).map((place) => place.model);
    join(`${methods}\t${[...new Set(others)].join()}`, {
      photos: [photo], models: [model], methods: [...column.methods.values()], places: column.places,
    }); // prettier-ignore
  }
  return [...groups.values()];
}

// As the server takes them: the cheap ones of all photographs first.
function inOrder(asked: Place[]): Place[] {
  return [...asked].sort((a, b) => passesOf(a.method) - passesOf(b.method));
}

async function ask(group: Group, target: string): Promise<void> {
  const job: Job = {
    id: null, photos: group.photos, models: group.models, methods: group.methods, target,
    owes: new Map(inOrder(group.places).map((place) => [keyOf(place, target), place])),
    done: 0, of: group.places.length, now: "", passes: null, at: null, since: performance.now(),
    close: () => undefined, unwanted: false,
  }; // prettier-ignore
  if (jobs.length === 0) {
    began = performance.now();
    counting = { done: 0, of: 0 };
    finished = null;
    made = 0;
  }
  jobs.push(job);
  try {
    const { job: id, tasks } = await startJob({
      photos: group.photos, models: group.models, methods: group.methods, target: choices.target,
    }); // prettier-ignore
    job.id = id;
    job.of = tasks;
    if (job.unwanted) return void stopJob(id).catch(() => undefined);
    job.close = listen(id, (event) => hear(job, event));
  } catch (error) {
    leave(job);
    if (error instanceof Gone) return;
    const reason = error instanceof Refusal ? [error.message, error.hint].filter(Boolean).join("; ") : String(error);
    for (const place of job.owes.values()) found(place, target, { state: "failed", reason });
    notice("bad", reason);
    tell("cells");
  }
}

function drop(job: Job): void {
  job.unwanted = true;
  job.close();
  if (job.id !== null) void stopJob(job.id).catch(() => undefined);
  leave(job);
}

function leave(job: Job): void {
  const at = jobs.indexOf(job);
  if (at >= 0) jobs.splice(at, 1);
  counting.done += job.done;
  counting.of += job.unwanted ? job.done : job.of;
  if (jobs.length === 0) finished ??= { maps: made, seconds: (performance.now() - began) / 1000 };
  tell("progress");
}

// The places of a job that an event is about.
function meant(job: Job, event: { photo: string | null; model: number | null; method: string | null; entry?: number }): Place[] {
  const chosen = event.entry === undefined ? null : job.methods[event.entry];
  return [...job.owes.values()].filter(
    (place) =>
      (event.photo === null || place.photo === event.photo) &&
      (event.model === null || place.model === event.model) &&
      (event.method === null || (chosen ? methodKey(place.method) === methodKey(chosen) : place.method.name === event.method)),
  );
}

function hear(job: Job, event: Event): void {
  switch (event.type) {
    case "progress":
      Object.assign(job, { done: event.done, of: event.of, passes: event.passes ?? null });
      if (job.now !== event.now) job.since = performance.now();
      job.now = event.now;
      job.at = running(job);
      tell("cells");
      break;
    case "prediction":
      answers.set(`${event.photo}\n${event.model}`, event.top);
      tell("cells");
      break;
    case "map":
      for (const place of meant(job, event)) {
        // Maps of superpixels keep their edges: the same sign that the report goes by.
        event.tile.flat = methodOf(place.method).settings.some((setting) => setting.name === "segmentation");
        settle(job, place, {
          state: "done", tile: event.tile, target: event.target, seconds: event.seconds, status: event.status ?? "ok",
          diagnostics: event.diagnostics ?? {}, order: ++order,
        }); // prettier-ignore
        made++;
        learn(passesOf(place.method), event.seconds);
      }
      break;
    case "skipped":
    case "failed":
      for (const place of meant(job, event)) settle(job, place, { state: event.type, reason: event.reason });
      break;
    case "loading":
      loading.set(event.model, performance.now());
      tell("cells");
      break;
    case "loaded":
      loading.delete(event.model);
      modelOf(event.model).loaded = true;
      tell("cells");
      break;
    case "done":
    case "cancelled":
      for (const place of job.owes.values()) {
        const reason = "the server ended without it";
        found(place, job.target, event.type === "done" ? { state: "failed", reason } : { state: "stopped" });
      }
      job.owes.clear();
      if (event.type === "done") job.done = job.of;
      leave(job);
      if (jobs.length === 0 && event.type === "done") say(`Done: ${counted(made, "map")} in ${duration(finished!.seconds)}.`);
      update(0);
      break;
    case "saved":
      break;
  }
  tell("progress");
}

function settle(job: Job, place: Place, result: Parameters<typeof found>[2]): void {
  found(place, job.target, result);
  job.owes.delete(keyOf(place, job.target));
  loading.delete(place.model);
  tell("cells");
}

// A job's places stand in the order in which the server takes them, so the words of a task name one place.
function running(job: Job): Place | null {
  for (const place of job.owes.values()) {
    const { label } = modelOf(place.model);
    if (job.now.endsWith(` on ${label}`) && job.now.startsWith(`${methodOf(place.method).label} `)) return place;
  }
  return null;
}

/** How far everything is. */
export interface Progress {
  busy: boolean;
  done: number;
  of: number;
  now: string;
  passes: [number, number] | null;
  seconds: number;
  /** null where too little is done to say */
  left: number | null;
  finished: Finished | null;
}

export function progress(): Progress {
  const done = counting.done + jobs.reduce((sum, job) => sum + job.done, 0);
  const of = counting.of + jobs.reduce((sum, job) => sum + job.of, 0);
  const seconds = (performance.now() - began) / 1000;
  const active = jobs.find((job) => job.at || job.now) ?? jobs[0];
  return {
    busy: jobs.length > 0, done, of, now: active?.now ?? "", passes: active?.passes ?? null, seconds,
    left: left(seconds), finished,
  }; // prettier-ignore
}

let speed: { passes: number; seconds: number } = { passes: 0, seconds: 0 };

// Learn from a finished map how long a pass takes here.
function learn(passes: number, seconds: number): void {
  speed = { passes: 0.8 * speed.passes + passes, seconds: 0.8 * speed.seconds + seconds };
}

// What is still owed, in passes, at the speed seen so far.
function left(seconds: number): number | null {
  const owed = jobs.flatMap((job) => [...job.owes.values()]);
  if (owed.length === 0 || seconds < 0.5) return null;
  let passes = 0;
  let known = 0;
  let spent = 0;
  for (const place of owed) passes += passesOf(place.method);
  for (const job of jobs) {
    if (job.passes && job.at) {
      passes -= Math.min(job.passes[0], passesOf(job.at.method));
      known += job.passes[0];
      spent += (performance.now() - job.since) / 1000;
    }
  }
  const rate = known >= ENOUGH ? spent / known : speed.passes > 0 ? speed.seconds / speed.passes : null;
  return rate === null ? null : Math.max(0, passes) * rate;
}

/** Passes that one map takes, roughly where it depends on the network. */
export function passesOf(chosen: Chosen): number {
  const given = COUNTS.map((name) => chosen.settings[name]).find((value) => typeof value === "number");
  return typeof given === "number" ? given : (methodOf(chosen).cost.evaluations ?? PER_CHANNEL);
}

/** How a place without a result is waiting; null where nobody is at it. */
export function waitingAt(place: Place): { running: boolean; seconds: number; passes: [number, number] | null; ahead: number } | null {
  const key = keyOf(place);
  for (const job of jobs) {
    if (!job.owes.has(key)) continue;
    const here = job.at !== null && keyOf(job.at, job.target) === key;
    return {
      running: here,
      seconds: (performance.now() - job.since) / 1000,
      passes: here ? job.passes : null,
      ahead: [...job.owes.keys()].indexOf(key),
    };
  }
  return null;
}

export function isBusy(): boolean {
  return jobs.length > 0;
}

/** Stop everything under way; what is not there yet says so, until it is asked for again. */
export function cancel(): void {
  finished = { maps: made, seconds: (performance.now() - began) / 1000 };
  for (const place of places().flat()) if (!results.has(keyOf(place))) found(place, targetKey(), { state: "stopped" });
  for (const job of [...jobs]) {
    for (const place of job.owes.values()) found(place, job.target, { state: "stopped" });
    drop(job);
  }
  say(`Stopped after ${counted(made, "map")}.`);
  tell("cells");
  tell("progress");
}

/** Ask again for what was stopped or failed. */
export function retry(only?: Place): void {
  for (const place of only ? [only] : places().flat()) {
    const known = results.get(keyOf(place));
    if (known?.state === "stopped" || (only && known?.state === "failed")) results.delete(keyOf(place));
  }
  finished = null;
  update(0);
}

/** Ask again for everything under way, of a server that came back without it. */
export function restart(): void {
  for (const job of [...jobs]) drop(job);
  update(0);
}

export function stoppedHere(): number {
  return places().flat().filter((place) => results.get(keyOf(place))?.state === "stopped").length;
}

addEventListener("pagehide", () => {
  for (const job of jobs) if (job.id !== null) stopJobUnheard(job.id);
});
