// What the view shows, and how the address says it: `#learning/1?sort=frequency&group=final&pick=cell.3.5.12`.
import { MEASURES, type MeasureName } from "./measures.js";
import type { Colouring } from "./palette.js";

export type Sort = MeasureName | "recorded";
export type Group = "none" | "true" | "final";
export type Verdict = "all" | "right" | "wrong" | "changed";

/** What decides which rows there are, and in which order. */
export interface Arrangement {
  sort: Sort;
  down: boolean;
  group: Group;
  /** classes by number */
  truth: number | null;
  said: number | null;
  verdict: Verdict;
  search: string;
  /** a measure and its limits */
  limit: { name: MeasureName; low: number | null; high: number | null } | null;
  /** epochs, as they are numbered; null for the first and the last one */
  from: number | null;
  to: number | null;
}

/** Which images are picked out. */
export type Pick =
  | { kind: "cell"; truth: number; said: number; epoch: number }
  | { kind: "rows"; first: number; last: number; within: string }
  | { kind: "map"; box: [number, number, number, number] }
  | { kind: "stream"; before: number; after: number; from: number; to: number }
  | { kind: "list"; images: number[] };

export interface State extends Arrangement {
  run: number;
  colouring: Colouring;
  /** the epoch that the matrix is of; null for the last one */
  at: number | null;
  /** how large rows are: a step of `ZOOMS` */
  zoom: number;
  pick: Pick | null;
  /** show nothing but what is picked out */
  only: boolean;
  /** the image that is told about */
  open: number | null;
  /** epochs of the flow; empty for some across the range */
  stages: number[];
}

const ARRANGED: Arrangement = {
  sort: "misclassification", down: false, group: "true", truth: null, said: null, verdict: "all", search: "", limit: null, from: null, to: null,
}; // prettier-ignore

export function standard(): State {
  return { ...ARRANGED, run: 0, colouring: "class", at: null, zoom: 0, pick: null, only: false, open: null, stages: [] };
}

function oneOf<T extends string>(all: readonly T[], text: string | null, otherwise: T): T {
  return all.includes(text as T) ? (text as T) : otherwise;
}

function numeral(text: string | null | undefined): number | null {
  const value = text ? Number(text) : NaN;
  return Number.isFinite(value) ? value : null;
}

function counted(text: string | null | undefined): number | null {
  const value = numeral(text);
  return value !== null && Number.isInteger(value) && value >= 0 ? value : null;
}

const NAMES = MEASURES.map(({ name }) => name);

/** An arrangement out of what an address asks for; what it does not say is as usual. */
export function readArrangement(asked: URLSearchParams): Arrangement {
  const [name, low, high] = (asked.get("limit") ?? "").split("~");
  return {
    sort: oneOf([...NAMES, "recorded"], asked.get("sort"), ARRANGED.sort),
    down: asked.get("down") === "1",
    group: oneOf(["none", "true", "final"], asked.get("group"), ARRANGED.group),
    truth: counted(asked.get("truth")),
    said: counted(asked.get("said")),
    verdict: oneOf(["all", "right", "wrong", "changed"], asked.get("verdict"), "all"),
    search: asked.get("search") ?? "",
    limit: NAMES.includes(name as MeasureName) ? { name: name as MeasureName, low: numeral(low), high: numeral(high) } : null,
    from: numeral(asked.get("from")),
    to: numeral(asked.get("to")),
  };
}

function add(asked: URLSearchParams, name: string, value: unknown, otherwise: unknown): void {
  if (value !== otherwise && value !== null) asked.set(name, String(value));
}

function arrange(asked: URLSearchParams, one: Arrangement): URLSearchParams {
  for (const name of ["sort", "group", "truth", "said", "verdict", "search", "from", "to"] as const) add(asked, name, one[name], ARRANGED[name]);
  if (one.down) asked.set("down", "1");
  if (one.limit) asked.set("limit", `${one.limit.name}~${one.limit.low ?? ""}~${one.limit.high ?? ""}`);
  return asked;
}

/** What rows are picked out of. */
export function withinOf(state: State): string {
  return arrange(new URLSearchParams(), state).toString();
}

function readPick(text: string | null): Pick | null {
  const [kind, ...rest] = (text ?? "").split("_");
  const values = rest.map(numeral);
  const some = (count: number): boolean => values.length >= count && values.slice(0, count).every((value) => value !== null);
  const at = (place: number): number => values[place]!;
  if (kind === "cell" && some(3)) return { kind, truth: at(0), said: at(1), epoch: at(2) };
  if (kind === "rows" && some(2)) return { kind, first: at(0), last: at(1), within: rest.slice(2).join("_") };
  if (kind === "map" && some(4)) return { kind, box: [at(0), at(1), at(2), at(3)] };
  if (kind === "stream" && some(4)) return { kind, before: at(0), after: at(1), from: at(2), to: at(3) };
  if (kind === "list" && some(1)) return { kind, images: values.filter((value) => value !== null) };
  return null;
}

function pickText(pick: Pick): string {
  if (pick.kind === "cell") return `cell_${pick.truth}_${pick.said}_${pick.epoch}`;
  if (pick.kind === "rows") return `rows_${pick.first}_${pick.last}_${pick.within}`;
  if (pick.kind === "map") return `map_${pick.box.map((value) => Number(value.toFixed(4))).join("_")}`;
  if (pick.kind === "stream") return `stream_${pick.before}_${pick.after}_${pick.from}_${pick.to}`;
  return `list_${pick.images.join("_")}`;
}

/** What an address asks for. */
export function readAddress(hash: string): State {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?");
  const asked = new URLSearchParams(query);
  return {
    ...readArrangement(asked),
    run: counted(path.split("/")[1]) ?? 0,
    colouring: oneOf(["class", "errors", "right"], asked.get("colour"), "class"),
    at: numeral(asked.get("at")),
    zoom: counted(asked.get("zoom")) ?? 0,
    pick: readPick(asked.get("pick")),
    only: asked.get("only") === "1",
    open: counted(asked.get("open")),
    stages: (asked.get("stages") ?? "").split("_").flatMap((one) => numeral(one) ?? []),
  };
}

/** The address that asks for this. */
export function addressOf(state: State): string {
  const asked = arrange(new URLSearchParams(), state);
  add(asked, "colour", state.colouring, "class");
  add(asked, "at", state.at, null);
  add(asked, "zoom", state.zoom, 0);
  if (state.pick) asked.set("pick", pickText(state.pick));
  if (state.only && state.pick) asked.set("only", "1");
  add(asked, "open", state.open, null);
  if (state.stages.length) asked.set("stages", state.stages.join("_"));
  const query = asked.toString();
  return `#learning/${state.run}${query ? `?${query}` : ""}`;
}
