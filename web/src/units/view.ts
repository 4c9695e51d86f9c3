// Units: what each detects, found by concept. The address says what is searched for, and which unit is open:
// `#units/sea?unit=0.1.12`.
import { by, h, say } from "../core/dom.js";
import { menu, type Options } from "../core/fields.js";
import { fileName, saveCsv } from "../core/save.js";
import { saveButton, saves } from "../core/saves.js";
import { whole } from "../core/words.js";
import { onPlace, place } from "../page/router.js";
import { conceptName, labelsOf, layerOf, loadUnits, scores, scoreWords, units, type Unit } from "./data.js";
import { depthTable, drawDepth } from "./depth.js";
import { closeUnit, openUnit } from "./detail.js";
import { conceptCounts, countByModel, found, KINDS, ORDERS, type Choice, type Kind, type Order } from "./find.js";
import { makeList, type UnitList } from "./list.js";
import { makePair } from "./pair.js";

let choice: Choice = { search: "", score: "", model: null, layer: "", kind: "all", order: "score" };
let list: UnitList;
let count: HTMLElement;
let field: HTMLInputElement;
let pair: { element: HTMLElement; show(score: string): void } | null = null;
let redrawDepth: () => void = () => undefined;

function address(open: Unit | null): void {
  const search = choice.search.trim() ? `/${encodeURIComponent(choice.search.trim())}` : "";
  const unit = open ? `?unit=${open.model}.${open.layer}.${open.unit}` : "";
  history.replaceState(null, "", `#units${search}${unit}`);
}

/** The unit that the address names; null where it names none that there is. */
function asked(): Unit | null {
  const numbers = /[?&]unit=(\d+)\.(\d+)\.(\d+)/.exec(location.hash);
  if (!numbers) return null;
  const [model, layer, unit] = numbers.slice(1).map(Number);
  const there = units.models[model]?.layers[layer];
  return there && unit < there.units ? { model, layer, unit } : null;
}

function show(told: boolean): void {
  const shown = found(choice);
  list.show(shown, choice.score);
  const total = units.models.reduce((sum, model) => sum + model.layers.reduce((own, layer) => own + layer.units, 0), 0);
  const search = choice.search.trim();
  const models = countByModel(shown);
  const words = search
    ? `${whole(shown.length)} of ${whole(total)} units detect something like “${search}”${models && shown.length ? `: ${models}` : ""}`
    : `${whole(shown.length)} of ${whole(total)} units${models ? `: ${models}` : ""}`;
  count.textContent = shown.length ? words : `${words}. ${search ? "Search for another concept, or see those that there are below." : "Choose others above."}`;
  if (told) say(words);
}

function change(next: Partial<Choice>): void {
  const score = next.score !== undefined && next.score !== choice.score;
  choice = { ...choice, ...next };
  show(true);
  address(null);
  if (score) {
    pair?.show(choice.score);
    redrawDepth();
    fillWords();
  }
}

function search(concept: string): void {
  field.value = concept;
  change({ search: concept, kind: "all", model: null, layer: "" });
  for (const [id, value] of [["units-model", ""], ["units-layer", ""], ["units-kind", "all"]] as const) {
    const select = document.getElementById(id);
    if (select instanceof HTMLSelectElement) select.value = value;
  }
  by("units-root").scrollIntoView({ block: "start" });
  field.focus({ preventScroll: true });
}

/** Concepts that the field proposes. */
const PROPOSED = 500;
/** Concepts that stand as buttons below the field. */
const OFTEN = 8;

function fillWords(): void {
  const all = conceptCounts(choice.score);
  by("units-concepts").replaceChildren(...all.slice(0, PROPOSED).map(([name, number]) => h("option", { value: name }, `${number} units`)));
  by("units-often").replaceChildren(
    ...all.slice(0, OFTEN).map(([name, number]) => h("button", { type: "button", class: "often", onclick: () => search(name) }, name, h("span", { class: "quiet" }, ` ${number}`))),
  );
}

function layerNames(): string[] {
  return [...new Set(units.models.flatMap((model) => model.layers.map((layer) => layer.name)))];
}

/** The units that are shown, in CLIP-Dissect's columns; of several models with a column that names each. */
function save(): void {
  const shown = list.shown();
  const several = new Set(shown.map((one) => one.model)).size > 1;
  const rows = shown.map((one) => {
    const labels = labelsOf(one, choice.score);
    const best = labels?.best[one.unit] ?? -1;
    const cells = [layerOf(one).name, one.unit, conceptName(best), best < 0 ? null : (labels?.value[one.unit] ?? null)];
    return several ? [units.models[one.model].label, ...cells] : cells;
  });
  const heads = ["layer", "unit", "description", "similarity"];
  saveCsv([several ? ["model", ...heads] : heads, ...rows], fileName("units", choice.search, choice.score));
}

function toolbar(): HTMLElement {
  field = h("input", { type: "search", id: "units-search", list: "units-concepts", placeholder: "such as sea", autocomplete: "off", spellcheck: "false" });
  field.value = choice.search;
  let waiting = 0;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => change({ search: field.value }), 120);
  });
  const models: Options = [["", "all models"], ...units.models.map((model, m) => [String(m), model.label] as const)];
  const layers: Options = [["", "all layers"], ...layerNames().map((name) => [name, name] as const)];
  const ways = scores();
  return h(
    "div",
    { class: "toolbar" },
    h(
      "div",
      { class: "controls" },
      h("label", { class: "menu unit-search" }, h("span", {}, "Which units detect"), field),
      h("datalist", { id: "units-concepts" }),
      units.models.length > 1 ? menu("units-model", "in", models, "", (value) => change({ model: value === "" ? null : Number(value) })) : null,
      layers.length > 2 ? menu("units-layer", "layer", layers, "", (layer) => change({ layer })) : null,
      menu("units-kind", "show", KINDS, choice.kind, (kind) => change({ kind: kind as Kind })),
      menu("units-order", "by", ORDERS, choice.order, (order) => change({ order: order as Order })),
      ways.length > 1 ? menu("units-score", "labelled by", ways.map((way) => [way, scoreWords(way)] as const), choice.score, (score) => change({ score })) : null,
      saveButton("CSV", "the units that are shown", save),
    ),
    h("div", { class: "unit-often", id: "units-often", role: "group", "aria-label": "The most detected concepts" }),
  );
}

function open(at: number): void {
  const shown = list.shown();
  address(shown[at]);
  openUnit({ units: shown, at, score: choice.score }, (next) => {
    if (next >= 0) return address(shown[next]);
    address(null);
    list.focus(at);
  });
}

function startDepth(): void {
  const root = by("units-depth");
  let drawn: SVGSVGElement | null = null;
  let width = 0;
  const draw = (): void => {
    drawn = drawDepth(choice.score, width || 640);
    root.querySelector("svg")?.remove();
    root.prepend(drawn);
  };
  redrawDepth = draw;
  root.append(h("p", {}, saves("units-by-depth", "the bars", () => drawn ?? drawDepth(choice.score, 640), () => depthTable(choice.score)))); // prettier-ignore
  new ResizeObserver(() => {
    const wide = Math.min(900, Math.floor(root.clientWidth));
    if (wide && wide !== width) {
      width = wide;
      draw();
    }
  }).observe(root);
}

function follow(rest: string[]): void {
  const wanted = rest.join("/");
  if (wanted !== choice.search.trim()) {
    field.value = wanted;
    choice = { ...choice, search: wanted };
    show(false);
  }
  const one = asked();
  if (!one) return closeUnit();
  const shown = list.shown();
  const at = shown.findIndex((other) => other.model === one.model && other.layer === one.layer && other.unit === one.unit);
  if (at >= 0) open(at);
  else openUnit({ units: [one], at: 0, score: choice.score }, (next) => next < 0 && address(null));
}

/** Draw the view. */
export async function startUnits(): Promise<void> {
  const root = by("units-root");
  try {
    await loadUnits();
  } catch (problem) {
    root.replaceChildren(h("p", { class: "note warns" }, `${(problem as Error).message}.`));
    return;
  }
  choice = { ...choice, score: units.score, search: place().rest.join("/") };
  list = makeList(open);
  count = h("p", { class: "count", id: "units-count" });
  root.replaceChildren(toolbar(), count, list.element);
  root.removeAttribute("aria-busy");
  fillWords();
  show(false);
  startDepth();
  if (units.models.length > 1) {
    pair = makePair(search);
    by("units-compare").replaceChildren(pair.element);
    pair.show(choice.score);
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
    if (typing || event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || place().view !== "units") return;
    event.preventDefault();
    field.focus();
  });
  onPlace("units", follow);
}
