// One map in large, with everything that is known of it, and beside it another.
import { makeComparing } from "../core/comparing.js";
import { data, labelOf, loadLarge, loadMaps, loadPhoto, mapOf, sizeOf } from "../core/data.js";
import { h } from "../core/dom.js";
import type { Picture } from "../core/overlay.js";
import { cosineOf, difference } from "../core/similar.js";
import { makeStage, type Scene } from "../core/stage.js";
import { fixed } from "../core/words.js";
import { besideMenus, besideOf, comparisons } from "./beside.js";
import { styleControls } from "./controls.js";
import { saveCells, savePlates, type Shown } from "./export.js";
import { factsOf, predictions } from "./facts.js";
import type { Grid } from "./grid.js";
import { columnsOf, type Column } from "./images.js";
import { differenceLegend, legend } from "./legend.js";
import { readout } from "./readout.js";
import { look, onLook, set } from "./state.js";

interface Detail {
  dialog: HTMLDialogElement;
  show(): void;
}

let detail: Detail | null = null;

/** Open what the address names, or show it where the view is open already. */
export function openDetail(grid: Grid): void {
  detail ??= makeDetail(grid);
  if (!detail.dialog.open) detail.dialog.showModal();
  detail.show();
}

export function closeDetail(): void {
  if (detail?.dialog.open) detail.dialog.close();
}

function makeDetail(grid: Grid): Detail {
  const title = h("h2", { id: "detail-title", tabindex: -1 });
  const sub = h("p", { id: "detail-sub" });
  const button = (id: string, text: string, words: string, press: () => void): HTMLButtonElement =>
    h("button", { type: "button", id, "aria-label": words, title: words, onclick: press }, text);
  const left = button("detail-left", "←", "Model before (left arrow)", () => move(0, -1));
  const right = button("detail-right", "→", "Model after (right arrow)", () => move(0, 1));
  const up = button("detail-up", "↑", "Image before (up arrow)", () => move(-1, 0));
  const down = button("detail-down", "↓", "Image after (down arrow)", () => move(1, 0));
  const before = button("detail-before", "[", "Method before ([)", () => turn(-1));
  const after = button("detail-after", "]", "Method after (])", () => turn(1));
  const close = button("detail-close", "×", "Close (Escape)", () => dialog.close());
  const stage = makeStage((share) => comparing.share(share));
  const comparing = makeComparing({ flip: stage.flip, swipe: stage.swipe, choose: (compare) => set({ compare }) });
  const drawing = h("div", { class: "controls" });
  stage.element.querySelector(".plates")!.after(drawing);
  const bare = h("input", { type: "checkbox", id: "detail-bare", onchange: () => draw() });
  const facts = h("div", { class: "facts", id: "detail-facts" });
  const png = h("button", { type: "button", id: "save-png", onclick: () => scene && savePlates(shownImage, plates, scene.photo, scene.style) }, "Save PNG");
  const csv = h("button", { type: "button", id: "save-csv", onclick: () => plates.forEach((plate) => saveCells(shownImage, plate)) }, "Save CSV");
  const group = (words: string, ...all: HTMLElement[]): HTMLElement => h("span", { class: "steps", role: "group", "aria-label": words }, h("span", {}, words), ...all);
  const dialog = h(
    "dialog",
    { id: "detail", "aria-labelledby": "detail-title" },
    h(
      "div",
      { class: "sheet" },
      h("header", {}, h("div", { class: "names" }, title, sub), h("div", { class: "walk" }, group("image", up, down), group("model", left, right), group("method", before, after), close)),
      comparing.element,
      h("div", { class: "detail-body" }, h("div", {}, stage.element), facts),
      h("footer", {}, png, csv, h("label", { class: "plain" }, bare, "photograph only (hold Space)")),
    ),
  );
  document.body.append(dialog);
  let scene: Scene | null = null;
  let plates: Shown[] = [];
  let shownImage = -1;
  let isLarge = false;
  let wanted = "";
  let held = false;

  function sides(): [Column, Column | null] {
    const { open, method, compare } = look();
    return [{ model: open![1], method }, compare === "one" ? null : besideOf()];
  }

  function show(): void {
    const { open } = look();
    if (!open) return;
    const [image] = open;
    const [a, b] = sides();
    title.textContent = nameOf(a);
    sub.textContent = [labelOf(image), data.images[image]!.name].filter(Boolean).join(" · ");
    const models = modelsOf();
    const at = grid.images().indexOf(image);
    left.disabled = models.indexOf(a.model) <= 0;
    right.disabled = models.indexOf(a.model) >= models.length - 1;
    up.disabled = at <= 0;
    down.disabled = at >= grid.images().length - 1;
    before.disabled = a.method === 0;
    after.disabled = a.method === data.methods.length - 1;
    const key = JSON.stringify([open, a, b]);
    wanted = key;
    delete dialog.dataset["drawn"];
    const parts = [a, b].filter((one) => one !== null).map((one) => loadMaps(one.method, image).catch(() => undefined));
    void Promise.all([loadPhoto(image).catch(() => null), ...parts]).then(([photo]) => {
      if (wanted !== key) return;
      compose(image, photo, a, b);
      // Where the large one cannot be had the small one stays.
      void loadLarge(image).catch(() => null).then((large) => {
        if (wanted !== key || !scene) return;
        if (large) {
          scene.photo = large;
          isLarge = true;
          draw();
        }
        dialog.dataset["drawn"] = "";
      });
    });
  }

  function compose(image: number, photo: Picture | null, a: Column, b: Column | null): void {
    const { compare, style } = look();
    plates = [a, b].flatMap((column): Shown[] => {
      const map = column && mapOf(column.method, image, column.model);
      if (!column || !map) return [];
      const read = (x: number, y: number): string[] => readout(image, column, map, x, y);
      return [{ column, map, tile: map.tile, own: map.tile, reason: map.reason, title: nameOf(column), read }];
    });
    const [first, second] = plates;
    let alike = "";
    if (first?.map.tile && second?.map.tile) {
      const cosine = cosineOf(first.map.tile, second.map.tile);
      alike = cosine === null ? "no part of the photograph is in both" : `cosine of these two maps ${fixed(cosine)}`;
      if (compare === "difference") first.tile = difference(first.map.tile, second.map.tile);
    } else if (compare === "difference" && first) first.tile = null;
    const photoNow = shownImage === image && isLarge ? scene!.photo : photo; // no step back to the small one
    isLarge = photoNow !== photo;
    shownImage = image;
    scene = { size: sizeOf(image), photo: photoNow, plates, compare, style, bare: false };
    comparing.update({ mode: compare, modes: comparisons(), menus: besideMenus(), alike });
    dialog.dataset["compare"] = compare;
    facts.replaceChildren(...(first ? known(image, plates) : [h("p", {}, "The file of these maps is missing.")]));
    csv.disabled = !plates.some((plate) => plate.map.tile);
    draw();
  }

  function draw(): void {
    if (!scene) return;
    scene.bare = held || bare.checked;
    scene.style = look().style;
    stage.draw(scene);
    if (!drawing.contains(document.activeElement) || drawing.querySelector(":focus:not([type=range])")) controls();
  }

  function controls(): void {
    const now = look();
    const flat = data.methods[now.method]!.superpixels;
    const id = document.activeElement instanceof HTMLElement && drawing.contains(document.activeElement) ? document.activeElement.id : "";
    const one = { ...now, columns: "models" as const };
    const bars = now.compare === "difference" ? [differenceLegend(now)] : legend(one);
    drawing.replaceChildren(...styleControls("large-", flat).filter((child): child is Node => child instanceof Node), h("span", { class: "legend" }, ...bars));
    if (id) document.getElementById(id)?.focus();
  }

  function modelsOf(): number[] {
    const now = look();
    return now.columns === "methods" ? data.models.map((_, i) => i) : columnsOf(now).map((column) => column.model);
  }

  function move(rows: number, columns: number): void {
    const { open } = look();
    if (!open) return;
    const images = grid.images();
    const models = modelsOf();
    const image = rows ? images[images.indexOf(open[0]) + rows] : open[0];
    const model = columns ? models[models.indexOf(open[1]) + columns] : open[1];
    if (image === undefined || model === undefined) return;
    set(look().columns === "methods" ? { open: [image, model], model } : { open: [image, model] });
  }

  function turn(by: number): void {
    const method = look().method + by;
    if (method >= 0 && method < data.methods.length) set({ method });
  }

  onLook((changed) => {
    if (!dialog.open || !look().open) return;
    if (["method", "beside", "compare", "open"].some((key) => changed.has(key as "open"))) show();
    else if (changed.has("style")) draw();
  });
  new ResizeObserver(() => dialog.open && draw()).observe(stage.element);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    comparing.stop();
    held = false;
    const { open, method } = look();
    if (!open) return;
    const column = grid.columns().findIndex((one) => one.model === open[1] && one.method === method);
    const at = grid.images().indexOf(open[0]);
    set({ open: null });
    // The browser gives the focus back first; the cell of the map that was seen last has it then.
    if (at >= 0 && column >= 0) requestAnimationFrame(() => grid.focus(at, column));
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof Element)) return;
    if (event.key === " " && !event.target.closest("button, input, select")) {
      event.preventDefault();
      if (!held) {
        held = true;
        draw();
      }
      return;
    }
    if (event.target.closest("input:not([type=checkbox]), select")) return;
    const steps: Record<string, () => void> = {
      ArrowDown: () => move(1, 0),
      ArrowUp: () => move(-1, 0),
      ArrowRight: () => move(0, 1),
      ArrowLeft: () => move(0, -1),
      "[": () => turn(-1),
      "]": () => turn(1),
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    step();
  });
  const release = (): void => {
    if (!held) return;
    held = false;
    draw();
  };
  dialog.addEventListener("keyup", (event) => event.key === " " && release());
  addEventListener("blur", release);
  return { dialog, show };
}

function nameOf({ model, method }: Column): string {
  return `${data.models[model]!.label} · ${data.methods[method]!.label}`;
}

function known(image: number, plates: readonly Shown[]): HTMLElement[] {
  return plates.flatMap((plate, i) => {
    const block = h("div", { class: "block" });
    const which = plates.length > 1 ? `${"AB"[i]}: ${plate.title}` : "Prediction";
    const said = i === 1 && plates[0]!.column.model === plate.column.model ? [h("p", { class: "quiet" }, "The same model, the same prediction.")] : [predictions(image, plate.column.model)];
    block.append(h("h3", {}, which), ...said, ...(plates.length > 1 ? [] : [h("h3", {}, "Map")]), factsOf(image, plate.column, plate.map));
    return [block];
  });
}
