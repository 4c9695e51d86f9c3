// Classes: right and wrong predictions of a class side by side, what is said instead, and mean maps.
import { data, prediction, sizeOf } from "../core/data.js";
import { by, h, say, type Child } from "../core/dom.js";
import { menu } from "../core/fields.js";
import { part } from "../core/parts.js";
import { paintSmall } from "../core/small.js";
import { percent } from "../core/words.js";
import { confusionTable } from "./confusion.js";
import { loadMeans, meanRows } from "./means.js";
import { hrefOf, note, onPlace, place } from "./router.js";

interface Classes {
  by: "label" | "prediction";
  names: string[];
  rows: number[][];
  /** classes with mean maps, from the first on */
  mapped: number;
  fewest: number;
  compared: number;
  cells: number;
}

/** Overlays of one model that are shown at once. */
const SHOWN = 6;
const ALL = "all classes";

let classes: Classes;
let chosen = 0;
let method = 0;
let confused: number | null = null;
const open = new Set<string>();

function nameOf(label: number): string {
  return label < 0 ? ALL : classes.names[label]!;
}

function imagesOf(model: number, label: number): number[] {
  if (label < 0) return data.images.map((_, image) => image);
  return classes.by === "label"
    ? classes.rows[label]!
    : data.images.flatMap((_, image) => (prediction(model, image)?.name === classes.names[label] ? [image] : []));
}

async function overlay(canvas: HTMLCanvasElement, model: number, image: number): Promise<void> {
  const [wide, high] = sizeOf(image);
  const scale = (96 * Math.min(2, devicePixelRatio || 1)) / Math.max(wide, high);
  canvas.width = Math.round(wide * scale);
  canvas.height = Math.round(high * scale);
  const map = await paintSmall(canvas, method, image, model);
  if (!map?.tile) canvas.parentElement?.classList.add("no-map");
  if (map?.reason) canvas.setAttribute("aria-label", `${data.images[image]!.name}, ${map.reason}`);
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      const canvas = entry.target as HTMLCanvasElement;
      void overlay(canvas, Number(canvas.dataset["model"]), Number(canvas.dataset["image"])).catch(() => undefined);
    }
  },
  { rootMargin: "800px" },
);

function plate(model: number, image: number): HTMLElement {
  const said = prediction(model, image);
  const canvas = h("canvas", { width: 96, height: 96, "data-model": model, "data-image": image, role: "img", "aria-label": data.images[image]!.name });
  seen.observe(canvas);
  const words = said ? `${said.name} ${percent(said.p)}` : "no prediction";
  const instead = said?.right === false || classes.by === "prediction" || chosen < 0;
  return h(
    "a",
    { class: "mini-map", href: `${hrefOf("look", method)}?open=${image}.${model}`, title: `${data.images[image]!.name}: ${words}` },
    h("span", { class: "mini-square" }, canvas),
    h("span", { class: "words" }, instead && said ? `${said.name} ` : "", h("span", { class: "quiet" }, percent(said?.p ?? null).replace(" ", "\u00a0"))),
  );
}

function group(model: number, images: number[], kind: string): HTMLElement {
  const key = `${model} ${kind}`;
  const shown = open.has(key) ? images : images.slice(0, SHOWN);
  const more = images.length - shown.length;
  const parts: Child[] = shown.map((image) => plate(model, image));
  const button = (): HTMLElement =>
    h("button", { type: "button", class: "more-maps", "aria-label": `${more} more of ${data.models[model]!.label}, ${kind}`, onclick: () => { open.add(key); draw(); } }, `+${more}`); // prettier-ignore
  return h("div", { class: "minis" }, ...parts, more > 0 && button(), !images.length && h("span", { class: "quiet" }, "none"));
}

function sideBySide(): HTMLElement {
  const judged = classes.by === "label";
  const rows = data.models.map((model, m) => {
    const images = imagesOf(m, chosen);
    const said = images.map((image) => ({ image, said: prediction(m, image) }));
    // The surest come first: a model that is sure and wrong is worth a look before one that wavers.
    said.sort((a, b) => (b.said?.p ?? 0) - (a.said?.p ?? 0));
    const right = said.filter((one) => one.said?.right === true).map((one) => one.image);
    const wrong = said.filter((one) => one.said?.right === false).map((one) => one.image);
    const head = h("div", { class: "who" }, h("strong", {}, model.label), h("span", { class: "quiet" }, judged ? `${right.length} of ${right.length + wrong.length} right` : `${images.length} images`));
    if (!judged) return h("div", { class: "verdicts one" }, head, group(m, said.map((one) => one.image), "all"));
    return h("div", { class: "verdicts" }, head, group(m, right, "right"), group(m, wrong, "wrong"));
  });
  const heads = judged && h("div", { class: "verdicts heads" }, h("span", {}, "model"), h("span", {}, h("span", { class: "mark yes" }, "✓ "), "right"), h("span", {}, h("span", { class: "mark no" }, "✗ "), "wrong, with what was said"));
  return h("div", { class: `side-by-side${judged ? "" : " unjudged"}` }, heads, ...rows);
}

function counts(label: number): string {
  const n = label < 0 ? data.images.length : classes.by === "label" ? classes.rows[label]!.length : null;
  return n === null ? "" : ` (${n})`;
}

function move(label: number, to: number): void {
  chosen = label;
  method = to;
  open.clear();
  note("classes", nameOf(chosen), data.methods[method]!.label);
  say(`${nameOf(chosen)} under ${data.methods[method]!.label}`);
  draw();
}

function controls(): HTMLElement {
  const options = [-1, ...classes.names.keys()].map((label): [string, string] => [String(label), `${nameOf(label)}${counts(label)}`]);
  return h(
    "div",
    { class: "controls" },
    menu("class", "Class", options, String(chosen), (value) => move(Number(value), method)),
    menu("class-method", "Method", data.methods.map((one, m) => [String(m), one.label] as const), String(method), (value) => move(chosen, Number(value))),
  );
}

async function drawMeans(root: HTMLElement): Promise<void> {
  const [label, asked] = [chosen, method];
  if (label >= classes.mapped) {
    root.replaceChildren(h("p", { class: "note" }, `The ${classes.mapped} classes with most images have mean maps; this is none of them.`));
    return;
  }
  const means = await loadMeans(method, classes.cells);
  if (label === chosen && asked === method) root.replaceChildren(meanRows(means, label, classes.cells, nameOf(label)));
}

function draw(): void {
  const root = by("classes-root");
  const active = document.activeElement as HTMLElement | null;
  const focused = active && root.contains(active) ? active.id : "";
  seen.disconnect();
  const meansRoot = h("div", { class: "means-root" }, h("p", { class: "quiet" }, "Loading the mean maps"));
  const confusion = h("div", {});
  const fill = (): void => confusion.replaceChildren(
    h("div", { class: "controls" }, menu("class-model", "Predictions of", [["", "all models together"], ...data.models.map((one, m) => [String(m), one.label] as const)], confused === null ? "" : String(confused), (value) => { confused = value === "" ? null : Number(value); fill(); })),
    confusionTable(classes.names, nameOf(chosen), confused),
  ); // prettier-ignore
  const parts: Child[] = [controls(), h("h3", {}, chosen < 0 ? "Right and wrong" : `Right and wrong: ${nameOf(chosen)}`), sideBySide()];
  if (classes.by !== "label") parts[1] = h("h3", {}, `Images called ${nameOf(chosen)}`);
  parts.push(h("h3", {}, `Mean maps: ${nameOf(chosen)}, ${data.methods[method]!.label}`), h("p", { class: "quiet lead" }, `Each map is divided by its sum of absolute values, so that every image counts the same, and averaged over images on the part of the picture that the model sees. 1× is an even spread. Means of ${classes.fewest} images or more${classes.by === "label" ? `; right and wrong are compared from ${classes.compared} images each` : ""}. The maps of a row share one scale.`), meansRoot);
  if (classes.by === "label") {
    fill();
    parts.push(h("h3", {}, "What was said"), confusion);
  }
  root.replaceChildren(...parts.filter((one): one is Node => one instanceof Node));
  if (focused) document.getElementById(focused)?.focus();
  void drawMeans(meansRoot).catch((error: unknown) => meansRoot.replaceChildren(h("p", { class: "note warns" }, String(error))));
}

// The class with both right and wrong predictions in most models shows most.
function telling(): number {
  if (classes.by !== "label") return 0;
  // Classes of one or two images have no mean, and say little by themselves.
  if ((classes.rows[0]?.length ?? 0) < classes.fewest) return -1;
  const mixed = classes.names.map((_, label) => {
    const verdicts = data.models.map((_, m) => classes.rows[label]!.map((image) => prediction(m, image)?.right));
    return verdicts.reduce((sum, row) => sum + Math.min(row.filter((v) => v === true).length, row.filter((v) => v === false).length), 0);
  });
  return mixed.indexOf(Math.max(...mixed));
}

function follow(rest: string[]): void {
  const [name, label] = rest;
  const wanted = name === undefined ? chosen : name === ALL ? -1 : classes.names.indexOf(name);
  const by = data.methods.findIndex((one) => one.label === label);
  const next: [number, number] = [wanted < -1 || (wanted < 0 && name !== ALL && name !== undefined) ? chosen : wanted, by < 0 ? method : by];
  if (next[0] === chosen && next[1] === method) return;
  [chosen, method] = next;
  open.clear();
  draw();
}

/** Draw the view. */
export async function startClasses(): Promise<void> {
  classes = await part<Classes>("classes");
  chosen = telling();
  const { rest } = place();
  if (rest.length) follow(rest);
  draw();
  onPlace("classes", follow);
}
