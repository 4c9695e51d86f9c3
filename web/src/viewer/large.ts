// One map in large: what the model answered, the values under the pointer, and a second map to hold against it.
import { COMPARISONS, makeComparing, type Comparing, type Comparison } from "../core/comparing.js";
import { h } from "../core/dom.js";
import { menu } from "../core/fields.js";
import { readingLines } from "../core/reading.js";
import { cosineOf, difference } from "../core/similar.js";
import { makeStage, type Plate, type Stage } from "../core/stage.js";
import { firstName, fixed, percent } from "../core/words.js";
import { comeFrom } from "./board.js";
import { drawingControls } from "./drawing.js";
import { fillFacts } from "./facts.js";
import { openSheet, type Sheet } from "./sheet.js";
import {
  choices, keyOf, labelOf, lastMap, methodKey, modelOf, onChange, photoOf, pictures, places, results, type Place,
} from "./state.js"; // prettier-ignore

interface Large {
  place: Place;
  sheet: Sheet;
  stage: Stage;
  comparing: Comparing;
  facts: HTMLElement;
  /** what the controls were made for */
  built: string;
}

let now: Large | null = null;
let compare: Comparison = "one";
let against: { model: number; method: string } | null = null;

/** Open a place of the board in large. */
export function openLarge(place: Place, closed: () => void): void {
  const stage = makeStage((share) => comparing.share(share));
  const comparing = makeComparing({
    flip: stage.flip,
    swipe: stage.swipe,
    choose: (mode) => {
      compare = mode;
      refreshLarge();
    },
  });
  const facts = h("div", { class: "facts" });
  const body = h(
    "div",
    { class: "columns" },
    h("div", { class: "left" }, comparing.element, stage.element, drawingControls()),
    facts,
  );
  const sheet = openSheet("large", "", [body], () => {
    now = null;
    comparing.stop();
    watch.disconnect();
    closed();
  });
  now = { place, sheet, stage, comparing, facts, built: "" };
  const watch = new ResizeObserver(() => refreshLarge());
  watch.observe(stage.element);
  sheet.element.addEventListener("keydown", keys);
  refreshLarge(); // at once: the title is read out when it is given the focus
  sheet.title.focus();
}

function keys(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (!now || event.altKey || event.ctrlKey || event.metaKey || target.matches("input, select, textarea")) return;
  const steps: Record<string, [number, number]> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = steps[event.key];
  if (!step) return;
  event.preventDefault();
  const here = keyOf(now.place);
  const rows = places();
  const row = rows.findIndex((line) => line.some((place) => keyOf(place) === here));
  const column = rows[row]?.findIndex((place) => keyOf(place) === here) ?? -1;
  const next = rows[row + step[0]]?.[column + step[1]];
  if (!next) return;
  now.place = next;
  comeFrom(next);
  refreshLarge();
}

// The second map: as chosen, as long as that is on the board; else the next model's, else the next method's.
function other(place: Place): Place | null {
  const { models, methods } = choices;
  const method = methods.find((one) => methodKey(one) === against?.method) ?? place.method;
  const model = models.find((id) => id === against?.model) ?? place.model;
  if (model !== place.model || methodKey(method) !== methodKey(place.method)) return { ...place, model, method };
  const nextModel = models[(models.indexOf(place.model) + 1) % models.length];
  if (nextModel !== undefined && nextModel !== place.model) return { ...place, model: nextModel };
  const at = methods.findIndex((one) => methodKey(one) === methodKey(place.method));
  const nextMethod = methods[(at + 1) % methods.length];
  return nextMethod && methods.length > 1 ? { ...place, method: nextMethod } : null;
}

/** Bring the large view up to date with what came in. */
function refreshLarge(): void {
  if (!now) return;
  const { place, sheet, stage, comparing } = now;
  const photo = photoOf(place.photo);
  if (!photo) return sheet.close();
  sheet.title.textContent = nameOf(place);
  const second = other(place);
  const mode = second ? compare : "one";
  const plates = [place, ...(mode === "one" || !second ? [] : [second])].map((one) => plateOf(one, [photo.width, photo.height]));
  const [a, b] = [plates[0]!, plates[1]];
  let alike = "";
  if (b && a.own && b.own) {
    const cosine = cosineOf(a.own, b.own);
    alike = cosine === null ? "no part of the photograph is in both" : `cosine of these two maps ${fixed(cosine)}`;
  }
  if (mode === "difference" && b) {
    a.tile = a.own && b.own ? difference(a.own, b.own) : null;
    a.reason ||= b.reason;
  }
  // The controls are made again only where they are different: a slider may be held.
  const built = JSON.stringify([keyOf(place), second && keyOf(second), mode, alike, choices.models, choices.methods]);
  if (built !== now.built) {
    now.built = built;
    comparing.update({ mode, modes: second ? COMPARISONS : COMPARISONS.slice(0, 1), menus: second ? menus(second) : [], alike });
  }
  stage.draw({
    size: [photo.width, photo.height], photo: pictures.get(place.photo) ?? null, plates, compare: mode, style: choices.style, bare: false,
  }); // prettier-ignore
  fillFacts(now.facts, place);
}

function menus(second: Place): HTMLElement[] {
  const set = (change: Partial<NonNullable<typeof against>>): void => {
    against = { model: second.model, method: methodKey(second.method), ...change };
    refreshLarge();
  };
  const { models, methods } = choices;
  return [
    ...(models.length > 1
      ? [menu("b-model", "with", models.map((id) => [String(id), modelOf(id).label]), String(second.model), (id) => set({ model: Number(id) }))]
      : []),
    ...(methods.length > 1
      ? [menu("b-method", models.length > 1 ? "by" : "with", methods.map((one) => [methodKey(one), labelOf(one)]), methodKey(second.method), (method) => set({ method }))]
      : []),
  ]; // prettier-ignore
}

function plateOf(place: Place, size: readonly [number, number]): Plate {
  const result = results.get(keyOf(place));
  const shown = result?.state === "done" ? result : result ? undefined : lastMap(place);
  const own = shown && shown.tile.limit > 0 ? shown.tile : null;
  const waits = results.has(keyOf(place)) ? "" : "being computed";
  const reason = own ? "" : result?.state === "done" ? "zero everywhere" : result?.state === "stopped" ? "stopped" : (result?.reason ?? waits);
  const old = waits && own ? ` (for ${firstName(shown!.target.name)}; the new one is being computed)` : "";
  return {
    title: nameOf(place) + old,
    tile: own,
    own,
    reason,
    read(x, y) {
      if (!shown || !own) return [nameOf(place), reason];
      const lines = readingLines(own, size, x, y);
      return lines
        ? [nameOf(place), `explains ${firstName(shown.target.name)} (${percent(shown.target.p)})`, ...lines]
        : [nameOf(place), "outside what the model saw"];
    },
  };
}

function nameOf(place: Place): string {
  return `${modelOf(place.model).label} · ${labelOf(place.method)}`;
}

onChange(refreshLarge);
