// One unit in large: all its best pictures, the concepts that came next, and why it has the label that it has.
import { h, type Child } from "../core/dom.js";
import { fileName, saveCanvas } from "../core/save.js";
import { fixed, number } from "../core/words.js";
import { boxOf, category, conceptName, labelsOf, layerOf, loadMaps, loadPicture, scoreWords, units, type Unit, type UnitMaps } from "./data.js";
import { drawActive } from "./region.js";
import { chance, placeOf, saidOf, swatch } from "./words.js";

export interface Walk {
  /** the units that are walked through, and the one that is shown */
  units: readonly Unit[];
  at: number;
  score: string;
}

interface Detail {
  dialog: HTMLDialogElement;
  show(walk: Walk): void;
}

let detail: Detail | null = null;
let told: (at: number) => void = () => undefined;

/** Open a unit; `moved` is told of each that is shown, by its place, and of -1 at the end. */
export function openUnit(walk: Walk, moved: (at: number) => void): void {
  told = moved;
  detail ??= makeDetail();
  detail.show(walk);
  if (!detail.dialog.open) detail.dialog.showModal();
}

/** Close what is open. */
export function closeUnit(): void {
  if (detail?.dialog.open) detail.dialog.close();
}

const [SIDE, HIGH, GAP] = [216, 162, 6];

function makeDetail(): Detail {
  let walk: Walk = { units: [], at: 0, score: "" };
  const title = h("h2", { id: "unit-title", tabindex: -1 });
  const sub = h("p", {});
  const pictures = h("div", { class: "unit-pictures" });
  const facts = h("div", { class: "unit-more" });
  const step = (by: number): void => {
    const to = walk.at + by;
    if (to < 0 || to >= walk.units.length) return;
    show({ ...walk, at: to });
    told(to);
  };
  const button = (id: string, text: string, words: string, press: () => void): HTMLButtonElement =>
    h("button", { type: "button", id, "aria-label": words, title: words, onclick: press }, text);
  const before = button("unit-before", "←", "Unit before (left arrow)", () => step(-1));
  const after = button("unit-after", "→", "Unit after (right arrow)", () => step(1));
  const close = button("unit-close", "×", "Close (Escape)", () => dialog.close());
  const save = h("button", { type: "button", onclick: () => savePictures() }, "Save PNG");
  const dialog = h(
    "dialog",
    { id: "unit-detail", "aria-labelledby": "unit-title" },
    h(
      "div",
      { class: "sheet" },
      h("header", {}, h("div", { class: "names" }, title, sub), h("div", { class: "walk" }, h("span", { class: "steps", role: "group", "aria-label": "unit" }, before, after), close)),
      h("div", { class: "unit-body" }, pictures, facts),
      h("footer", {}, save),
    ),
  );
  document.body.append(dialog);

  function savePictures(): void {
    const all = [...pictures.querySelectorAll("canvas")];
    if (!all.length) return;
    const columns = Math.min(5, all.length);
    const [wide, high] = [all[0].width, all[0].height];
    const sheet = h("canvas", { width: columns * (wide + GAP) - GAP, height: Math.ceil(all.length / columns) * (high + GAP) - GAP });
    const context = sheet.getContext("2d")!;
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, sheet.width, sheet.height);
    all.forEach((canvas, i) => context.drawImage(canvas, (i % columns) * (wide + GAP), Math.floor(i / columns) * (high + GAP)));
    const one = walk.units[walk.at];
    saveCanvas(sheet, fileName("unit", units.models[one.model].label, layerOf(one).name, String(one.unit)));
  }

  function show(next: Walk): void {
    walk = next;
    const one = walk.units[walk.at];
    const said = saidOf(one, walk.score);
    title.replaceChildren(...[said.category && swatch(said.category), said.label || `No label: ${said.why}`].filter((part) => part !== ""));
    sub.textContent = [placeOf(one), said.category, `${walk.at + 1} of ${walk.units.length}`].filter(Boolean).join(" · ");
    before.disabled = walk.at === 0;
    after.disabled = walk.at === walk.units.length - 1;
    const own = walk;
    facts.replaceChildren(factsTable(one, walk.score));
    void loadMaps(one).then(
      (maps) => {
        if (own !== walk) return;
        pictures.replaceChildren(...maps.pictures.map((picture, i) => plate(one, maps, picture, i)));
        facts.replaceChildren(...[factsTable(one, walk.score), candidates(one, walk.score, maps), twin(one)].filter((part): part is HTMLElement => part !== null));
      },
      (error: unknown) => pictures.replaceChildren(h("p", { class: "note warns" }, String(error))),
    );
  }

  function twin(one: Unit): HTMLElement | null {
    const other = labelsOf(one, walk.score)?.twin[one.unit] ?? -1;
    if (other < 0) return null;
    const open = (): void => show({ units: [{ ...one, unit: other }], at: 0, score: walk.score });
    return h("p", {}, `Unit ${other} of this layer answers in the same way. `, h("button", { type: "button", onclick: open }, `Show unit ${other}`));
  }

  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => told(-1));
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
    else return;
    event.preventDefault();
  });
  return { dialog, show };
}

function plate(one: Unit, maps: UnitMaps, picture: number, at: number): HTMLElement {
  const dots = Math.min(2, devicePixelRatio || 1);
  const name = units.names[picture];
  const canvas = h("canvas", { width: Math.round(SIDE * dots), height: Math.round(HIGH * dots), role: "img", "aria-label": `${name}, best image number ${at + 1}` });
  void loadPicture(picture)
    .catch(() => null)
    .then((photo) => {
      if (photo) canvas.height = Math.round((canvas.width * photo.naturalHeight) / photo.naturalWidth);
      const map = { bytes: maps.maps[at], cells: maps.cells, level: maps.level, box: boxOf(one.model, picture) };
      drawActive(canvas.getContext("2d")!, { x: 0, y: 0, width: canvas.width, height: canvas.height }, photo, map, Math.round(1.5 * dots));
      canvas.dataset["drawn"] = "";
    });
  return h("figure", {}, canvas, h("figcaption", { title: name }, `${at + 1}. ${name}`));
}

function row(name: string, value: Child): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function factsTable(one: Unit, score: string): HTMLElement {
  const labels = labelsOf(one, score);
  const layer = layerOf(one);
  const { unit } = one;
  const [auc, q] = [labels?.auc[unit] ?? null, labels?.q[unit] ?? null];
  const groups = labels?.clusters[unit] ?? 0;
  const why = labels && labels.best[unit] < 0 ? labels.reasons[labels.why[unit]] : "";
  return h(
    "dl",
    { class: "run unit-list" },
    row("labelled by", scoreWords(score)),
    why ? row("no label", why) : null,
    row("tested", tested(auc, q)),
    row("active above", `${number(layer.thresholds[unit])}, in a map of ${layer.grid.join(" × ")} cells`),
    groups > 0 ? row("best images", groups > 1 ? `fall into ${groups} groups: the unit answers to several things` : "are of one kind") : null,
  );
}

function tested(auc: number | null, q: number | null): string {
  if (auc !== null) return `AUC ${fixed(auc)} on images that the label was not chosen on${q === null ? "" : `, q ${chance(q)}`}`;
  return q === null ? "no" : `q ${chance(q)}, against the same regions on other images`;
}

function candidates(one: Unit, score: string, maps: UnitMaps): HTMLElement | null {
  const at = layerOf(one).labels.findIndex((labels) => labels.score === score);
  const all = maps.candidates[at] ?? [];
  if (!all.length) return null;
  const values = all.map(([, value]) => value ?? 0);
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  const rows = all.map(([concept, value]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, category(concept) ? swatch(category(concept)) : null, conceptName(concept)),
      h("td", { class: "meter", "aria-hidden": "true" }, h("i", { "--share": high > low && value !== null ? (value - low) / (high - low) : 0 })),
      h("td", { class: "n" }, number(value)),
    ),
  );
  return h("div", { class: "facts" }, h("h3", {}, "Concepts that fit best"), h("table", {}, h("tbody", {}, ...rows)));
}
