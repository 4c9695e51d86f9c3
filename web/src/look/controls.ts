// What can be chosen: methods and columns, how maps are drawn, which images are shown.
import { MAGNITUDE_MAPS, SIGNED_MAPS } from "../core/colour.js";
import { data } from "../core/data.js";
import { h, type Child } from "../core/dom.js";
import { menu, pills, type Options } from "../core/fields.js";
import type { Mode } from "../core/overlay.js";
import { hasPairs } from "../core/pairs.js";
import { labels } from "./images.js";
import { kinds, legend } from "./legend.js";
import { FILTERS, ORDERS, SIZES, look, set, setStyle, standard, type Look } from "./state.js";

const MODE_WORDS: Record<Mode, string> = {
  heat: "overlay",
  spotlight: "spotlight",
  contour: "contours",
  segments: "segments",
  map: "map alone",
};
const FILTER_WORDS: Record<Look["filter"], string> = {
  all: "all images",
  disagree: "models disagree on the class",
  wrong: "some model wrong",
  right: "all models right",
};
const ORDER_WORDS: Record<Look["order"], string> = {
  study: "as in the study",
  least: "least alike first",
  most: "most alike first",
};

/** How maps are drawn; `prefix` tells the controls of the grid from those of the large view. */
export function styleControls(prefix: string, flat: boolean): Child[] {
  const { style } = look();
  const modes = (Object.keys(MODE_WORDS) as Mode[]).filter((mode) => mode !== "segments" || flat);
  const opacity = h("input", {
    type: "range",
    id: `${prefix}opacity`,
    min: 0,
    max: 100,
    value: Math.round(100 * style.opacity),
    oninput: () => setStyle({ opacity: Number(opacity.value) / 100 }),
  });
  const cells = h("input", {
    type: "checkbox",
    id: `${prefix}cells`,
    checked: style.native,
    onchange: () => setStyle({ native: cells.checked }),
  });
  const applies = style.mode === "heat" || style.mode === "spotlight" || style.mode === "segments";
  return [
    menu(`${prefix}mode`, "show", modes.map((mode) => [mode, MODE_WORDS[mode]]), style.mode, (mode) => setStyle({ mode: mode as Mode })),
    applies && h("label", { class: "menu" }, h("span", {}, "opacity"), opacity),
    style.mode !== "segments" && h("label", { class: "menu" }, cells, h("span", {}, "native cells")),
  ];
}

function colourMenus(now: Look): Child[] {
  const { signed, magnitude } = kinds(now);
  if (now.style.mode === "spotlight" || now.style.mode === "segments") return [];
  const same = (names: readonly string[]): Options => names.map((name) => [name, name]);
  return [
    magnitude && menu("magnitude", "colours", same(MAGNITUDE_MAPS), now.style.magnitude, (name) => setStyle({ magnitude: name as Look["style"]["magnitude"] })),
    signed && menu("signed", magnitude ? "signed" : "colours", same(SIGNED_MAPS), now.style.signed, (name) => setStyle({ signed: name as Look["style"]["signed"] })),
  ];
}

function columnControls(now: Look): Child[] {
  const byMethod = now.columns === "methods";
  const both = data.models.length > 1 && data.methods.length > 1;
  return [
    (both || byMethod) &&
      pills("columns", "Columns", [["models", "models"], ["methods", "methods"]], now.columns, (columns) =>
        set({ columns: columns as Look["columns"], pair: null })),
    byMethod
      ? pills("model", "Model", data.models.map((one, i) => [String(i), one.label]), String(now.model), (one) => set({ model: Number(one) }))
      : pills("method", "Method", data.methods.map((one, i) => [String(i), one.label]), String(now.method), (one) => set({ method: Number(one) })),
  ];
}

function imageControls(now: Look): Child[] {
  const names = labels();
  const search = h("input", { type: "search", id: "search", placeholder: "file or label", value: now.search, oninput: () => set({ search: search.value }) });
  const scored = now.pair !== null || (now.columns === "models" && (data.methods[now.method]!.score.length > 0));
  const judged = data.models.some((model) => model.truth.some((truth) => truth >= 0));
  const filters = FILTERS.filter((one) => judged || one === "all" || one === "disagree");
  const pairs = now.columns === "models" && !now.pair && data.models.length > 2 && hasPairs(now.method);
  const orders: Options = [...ORDERS.map((one) => [one, ORDER_WORDS[one]] as const), ...(pairs ? ([["pair", "by a pair of models…"]] as const) : [])];
  return [
    menu("filter", "images", filters.map((one) => [one, FILTER_WORDS[one]]), now.filter, (filter) => set({ filter: filter as Look["filter"] })),
    names.length > 1 && names.length < data.images.length && menu("label", "label", [["", "any"], ...names.map((name) => [name, name] as const)], now.label, (label) => set({ label })),
    scored && menu("order", "order", orders, now.order, (order) =>
      order === "pair" ? set({ pair: [0, 1], order: "most", models: null }) : set({ order: order as Look["order"] })),
    h("label", { class: "menu" }, h("span", {}, "search"), search),
    menu("size", "size", [["fit", "fit"], ["large", "large"], ["largest", "largest"]] satisfies [Look["size"], string][], now.size, (size) => set({ size: size as (typeof SIZES)[number] })),
  ];
}

/** The controls above the grid; `count` is the line that says how many images are shown. */
export function controls(count: HTMLElement, help: () => void): HTMLElement {
  const columns = h("div", { class: "which" });
  const drawing = h("div", { class: "controls" });
  const pictures = h("div", { class: "controls" });
  const more = h("details", { class: "more", open: innerWidth > 736 }, h("summary", {}, "Options"), drawing, pictures);
  const box = h("div", { class: "toolbar" }, columns, more);
  const held = (build: () => void): void => {
    // A control that has the focus is made again with the others: the focus goes to its successor.
    const active = document.activeElement instanceof HTMLElement && box.contains(document.activeElement) ? document.activeElement : null;
    const key = active?.id ? `#${CSS.escape(active.id)}` : active instanceof HTMLInputElement ? `input[name="${active.name}"]:checked` : "";
    build();
    if (key && !box.contains(document.activeElement)) box.querySelector<HTMLElement>(key)?.focus();
  };
  const update = (changed: ReadonlySet<keyof Look> | null): void =>
    held(() => {
      const now = look();
      const other = (...keys: (keyof Look)[]): boolean => changed === null || keys.some((key) => changed.has(key));
      if (other("columns")) columns.replaceChildren(...nodes(columnControls(now)));
      for (const [name, value] of [["method", now.method], ["model", now.model]] as const) {
        const radio = columns.querySelector<HTMLInputElement>(`input[name="${name}"][value="${value}"]`);
        if (radio) radio.checked = true;
      }
      if (other("columns", "method", "model") || modeChanged(changed)) {
        drawing.replaceChildren(...nodes([...styleControls("", kinds(now).flat), ...colourMenus(now)]), h("span", { class: "legend", id: "legend" }));
      }
      drawing.querySelector("#legend")?.replaceChildren(...legend(now));
      if (other("columns", "method", "pair", "filter", "label", "order", "size", "images") || (other("search") && !box.querySelector("#search:focus"))) {
        const tools = [
          h("button", { type: "button", id: "reset", onclick: () => set({ ...standard(), method: now.method, open: now.open }) }, "Reset"),
          h("button", { type: "button", id: "help", "aria-label": "Keys", title: "Keys (?)", onclick: help }, "?"),
        ];
        pictures.replaceChildren(...nodes(imageControls(now)), count, h("span", { class: "tools" }, ...tools));
      }
    });
  let mode = "";
  function modeChanged(changed: ReadonlySet<keyof Look> | null): boolean {
    if (changed !== null && !changed.has("style")) return false;
    const { opacity, ...rest } = look().style; // the slider is being dragged: it stays
    void opacity;
    const other = JSON.stringify(rest) !== mode;
    mode = JSON.stringify(rest);
    return other;
  }
  update(null);
  (box as HTMLElement & { update?: typeof update }).update = update;
  return box;
}

function nodes(all: Child[]): Node[] {
  return all.filter((one): one is Node => one instanceof Node);
}

/** Have the controls follow what is shown. */
export function updateControls(box: HTMLElement, changed: ReadonlySet<keyof Look>): void {
  (box as HTMLElement & { update?(changed: ReadonlySet<keyof Look>): void }).update?.(changed);
}
