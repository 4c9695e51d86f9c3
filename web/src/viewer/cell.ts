// One cell of the board: a photograph with a map over it, and what is to be said of it.
import { h } from "../core/dom.js";
import { paint } from "../core/overlay.js";
import { firstName, number, percent, whole } from "../core/words.js";
import {
  answersOf, choices, keyOf, labelOf, lastMap, loading, methodOf, modelOf, photoOf, pictures, results, type Place,
} from "./state.js"; // prettier-ignore
import { counted, duration } from "./words.js";
import { passesOf, waitingAt } from "./work.js";

export interface Cell {
  place: Place;
  element: HTMLElement;
  name: HTMLElement;
  canvas: HTMLCanvasElement;
  state: HTMLElement;
  said: HTMLElement;
  /** what was painted last, so that nothing is painted twice */
  painted: string;
}

export function makeCell(place: Place): Cell {
  const canvas = h("canvas", { class: "picture", "aria-hidden": "true" });
  // What is seen in pieces is said in one sentence.
  const name = h("span", { class: "hidden" });
  const state = h("div", { class: "state", "aria-hidden": "true" });
  const said = h("div", { class: "said", "aria-hidden": "true" });
  const photo = photoOf(place.photo)!;
  const element = h(
    "div",
    { class: "cell", role: "gridcell", tabindex: "-1", "--a": photo.width / photo.height },
    name,
    h("div", { class: "frame" }, canvas, state),
    said,
  );
  return { place, element, name, canvas, state, said, painted: "" };
}

interface Words {
  kind: string;
  line: string;
  more: string;
  share: number | null;
}

// What a cell without its map says: never nothing, and never a wait without a number.
function wordsOf(place: Place): Words {
  const result = results.get(keyOf(place));
  if (result?.state === "skipped" || result?.state === "failed")
    return { kind: result.state, line: result.state === "failed" ? "Failed; click to try again" : "Not possible", more: result.reason.slice(0, 1).toUpperCase() + result.reason.slice(1), share: null };
  if (result?.state === "stopped") return { kind: "stopped", line: "Stopped", more: "Click to compute it", share: null };
  if (result?.state === "done") {
    const zero = result.tile.limit > 0 ? "" : result.status === "ok" ? "Nothing speaks for it" : result.status.replaceAll("_", " ");
    const more = zero ? `${methodOf(place.method).label} is zero everywhere for ${firstName(result.target.name)}` : "";
    return { kind: zero ? "empty" : "done", line: zero, more, share: null };
  }
  const since = loading.get(place.model);
  if (since !== undefined)
    return { kind: "running", line: `Loading the model · ${duration((performance.now() - since) / 1000)}`, more: "", share: null };
  const waits = waitingAt(place);
  const passes = passesOf(place.method);
  const cost = methodOf(place.method).cost.words;
  if (!waits) return { kind: "queued", line: `Queued · ${cost}`, more: "", share: null };
  if (!waits.running) return { kind: "queued", line: waits.ahead > 0 ? `${ordinal(waits.ahead + 1)} in line · ${cost}` : `Next · ${cost}`, more: "", share: null };
  if (waits.passes && waits.passes[1] > 2) {
    const [done, of] = waits.passes;
    return { kind: "running", line: `${whole(done)} of ${whole(of)} passes · ${duration(waits.seconds)}`, more: "", share: done / Math.max(1, of) };
  }
  return { kind: "running", line: `${duration(waits.seconds)} · ${counted(passes, "pass", "passes")}`, more: "", share: null };
}

function ordinal(value: number): string {
  const tens = value % 100;
  const end = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][value % 10] ?? "th");
  return `${value}${end}`;
}

/** Bring a cell up to date; paints only where something is different. */
export function refresh(cell: Cell): void {
  const { place, element, state, said } = cell;
  const photo = photoOf(place.photo);
  if (!photo) return;
  const result = results.get(keyOf(place));
  const words = wordsOf(place);
  const done = result?.state === "done" ? result : undefined;
  const shown = done ?? (result ? undefined : lastMap(place));
  element.dataset["state"] = words.kind;
  element.classList.toggle("old", !done && shown !== undefined);
  state.hidden = !words.line;
  fill(state, [words.line, words.more, words.share === null ? "no" : "share"], () => [
    h("b", {}, words.line),
    ...(words.more ? [h("span", {}, words.more)] : []),
    ...(words.share === null ? [] : [h("i", { class: "share" })]),
  ]);
  if (words.share !== null) state.style.setProperty("--share", String(words.share));
  const answer = answersOf(place.photo, place.model)?.[0];
  const target = done?.target;
  const own = choices.target.kind === "own";
  const name = own ? answer?.name : (target?.name ?? (choices.target.kind === "class" ? choices.target.name : undefined));
  const p = own ? answer?.p : target?.p;
  fill(said, [name ?? "", String(p)], () =>
    name === undefined
      ? [h("span", { class: "wait" }, "prediction to come")]
      : [h("span", { class: "class", title: name }, firstName(name)), h("span", { class: "p" }, p === undefined ? "" : percent(p))],
  );
  cell.name.textContent = labelFor(place, words, name, p);
  draw(cell, shown ? `${shown.order}` : "", shown?.tile ?? null);
}

// Words that stay as they are keep their elements: the browser drops a click on one that is exchanged meanwhile.
function fill(element: HTMLElement, words: string[], make: () => HTMLElement[]): void {
  const key = words.join("\n");
  if (element.dataset["words"] === key) return;
  element.dataset["words"] = key;
  element.replaceChildren(...make());
}

function labelFor(place: Place, words: Words, name: string | undefined, p: number | undefined): string {
  const parts = [`${labelOf(place.method)} of ${modelOf(place.model).label}`, photoOf(place.photo)!.name];
  if (name !== undefined) parts.push(`${firstName(name)}${p === undefined ? "" : ` ${percent(p)}`}`);
  const result = results.get(keyOf(place));
  if (result?.state === "done" && words.kind === "done") parts.push(`map from ${number(result.tile.range[0])} to ${number(result.tile.range[1])}`);
  else parts.push(words.kind === "running" ? "being computed" : [words.line, words.more].filter(Boolean).join(": "));
  return parts.join(", ");
}

function draw(cell: Cell, which: string, tile: Parameters<typeof paint>[4]): void {
  const { canvas, place } = cell;
  const photo = photoOf(place.photo)!;
  const picture = pictures.get(place.photo) ?? null;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (width === 0 || !picture) return; // the frame's own ground, until the photograph is there
  const ratio = Math.min(2, devicePixelRatio || 1);
  const key = [which, width, height, ratio, JSON.stringify(choices.style)].join();
  if (key === cell.painted) return;
  cell.painted = key;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d")!;
  const area = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  paint(context, area, picture, [photo.width, photo.height], tile && tile.limit > 0 ? tile : null, choices.style);
  if (tile) cell.element.dataset["drawn"] = "";
  if (tile && picture && performance.getEntriesByName("crosslight:first-map").length === 0) {
    performance.mark("crosslight:first-map");
    const dropped = performance.getEntriesByName("crosslight:drop").length > 0;
    if (dropped) performance.measure("crosslight:drop-to-map", "crosslight:drop", "crosslight:first-map");
  }
}
