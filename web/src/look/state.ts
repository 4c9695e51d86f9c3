// What the Look view shows, and how the address says it: `#look/<method>/pair/<a>/<b>?mode=contour&filter=wrong`.
import { MAGNITUDE_MAPS, SIGNED_MAPS } from "../core/colour.js";
import { COMPARISONS, type Comparison } from "../core/comparing.js";
import { data } from "../core/data.js";
import { DEFAULT_STYLE, MODES, type Style } from "../core/overlay.js";

export const FILTERS = ["all", "disagree", "wrong", "right"] as const;
export const ORDERS = ["study", "least", "most"] as const;
export const SIZES = ["fit", "large", "largest"] as const;

export interface Look {
  method: number;
  /** what columns are: models under `method`, or methods of `model` */
  columns: "models" | "methods";
  model: number;
  style: Style;
  filter: (typeof FILTERS)[number];
  /** images with this label alone; empty for all */
  label: string;
  order: (typeof ORDERS)[number];
  /** two models: the only columns, and by their similarity images are put in order */
  pair: [number, number] | null;
  search: string;
  size: (typeof SIZES)[number];
  /** rows of images, and models, that another view sent a person to look at; null for all */
  images: number[] | null;
  models: number[] | null;
  title: string;
  /** image and model that are open in large; what is beside it: model and method; and how the two are shown */
  open: [number, number] | null;
  beside: [number, number] | null;
  compare: Comparison;
}

export function standard(): Look {
  return {
    method: 0,
    columns: data.models.length === 1 && data.methods.length > 1 ? "methods" : "models",
    model: 0,
    style: { ...DEFAULT_STYLE },
    filter: "all",
    label: "",
    order: "study",
    pair: null,
    search: "",
    size: "fit",
    images: null,
    models: null,
    title: "",
    open: null,
    beside: null,
    compare: "one",
  };
}

function oneOf<T extends string>(all: readonly T[], text: string | null, otherwise: T): T {
  return all.includes(text as T) ? (text as T) : otherwise;
}

function index(text: string | null | undefined, below: number): number | null {
  const value = text ? Number(text) : NaN;
  return Number.isInteger(value) && value >= 0 && value < below ? value : null;
}

function list(text: string | null, below: number): number[] | null {
  const found = (text ?? "").split(".").map((one) => index(one, below));
  const known = found.filter((one): one is number => one !== null);
  return known.length ? known : null;
}

function two(text: string | null, below: [number, number]): [number, number] | null {
  const [first, second] = (text ?? "").split(".").map((one, i) => index(one, below[i] ?? 0));
  return typeof first === "number" && typeof second === "number" ? [first, second] : null;
}

/** What an address asks for; whatever it does not say, or says wrong, is as usual. */
function readAddress(hash: string): Look {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?");
  const [, method, word, a, b] = path.split("/");
  const asked = new URLSearchParams(query);
  const usual = standard();
  const [models, images, methods] = [data.models.length, data.images.length, data.methods.length];
  const opacity = Number(asked.get("opacity") ?? NaN);
  const pair = word === "pair" ? ([index(a, models), index(b, models)] as const) : null;
  return {
    method: index(method, methods) ?? 0,
    columns: oneOf(["models", "methods"], asked.get("columns"), pair ? "models" : usual.columns),
    model: index(asked.get("model"), models) ?? 0,
    style: {
      opacity: opacity >= 0 && opacity <= 100 ? opacity / 100 : usual.style.opacity,
      magnitude: oneOf(MAGNITUDE_MAPS, asked.get("magnitude"), usual.style.magnitude),
      signed: oneOf(SIGNED_MAPS, asked.get("signed"), usual.style.signed),
      native: asked.get("cells") === "native",
      mode: oneOf(MODES, asked.get("mode"), usual.style.mode),
    },
    filter: oneOf(FILTERS, asked.get("filter"), usual.filter),
    label: asked.get("label") ?? "",
    order: oneOf(ORDERS, asked.get("order"), pair ? "most" : usual.order),
    pair: pair && pair[0] !== null && pair[1] !== null && pair[0] !== pair[1] ? [pair[0], pair[1]] : null,
    search: asked.get("search") ?? "",
    size: oneOf(SIZES, asked.get("size"), usual.size),
    images: list(asked.get("images"), images),
    models: list(asked.get("models"), models),
    title: asked.get("title") ?? "",
    open: two(asked.get("open"), [images, models]),
    beside: two(asked.get("beside"), [models, methods]),
    compare: oneOf(COMPARISONS, asked.get("compare"), usual.compare),
  };
}

/** The address that asks for this, as short as can be. */
export function addressOf(look: Look): string {
  const usual = standard();
  const asked = new URLSearchParams();
  const add = (name: string, value: unknown, otherwise: unknown): void => {
    if (value !== otherwise && value !== null) asked.set(name, String(value));
  };
  add("columns", look.columns, look.pair ? "models" : usual.columns);
  if (look.columns === "methods") add("model", look.model, 0);
  add("opacity", Math.round(100 * look.style.opacity), Math.round(100 * usual.style.opacity));
  add("magnitude", look.style.magnitude, usual.style.magnitude);
  add("signed", look.style.signed, usual.style.signed);
  if (look.style.native) asked.set("cells", "native");
  add("mode", look.style.mode, usual.style.mode);
  add("filter", look.filter, usual.filter);
  add("label", look.label, "");
  add("order", look.order, look.pair ? "most" : usual.order);
  add("search", look.search, "");
  add("size", look.size, usual.size);
  add("images", look.images?.join(".") ?? null, null);
  add("models", look.models?.join(".") ?? null, null);
  add("title", look.title, "");
  add("open", look.open?.join(".") ?? null, null);
  if (look.open) {
    add("beside", look.beside?.join(".") ?? null, null);
    add("compare", look.compare, usual.compare);
  }
  const pair = look.pair ? `/pair/${look.pair.join("/")}` : "";
  const query = asked.toString();
  return `#look/${look.method}${pair}${query ? `?${query}` : ""}`;
}

let current: Look | null = null;
const listeners: ((changed: ReadonlySet<keyof Look>) => void)[] = [];

/** What is shown now. */
export function look(): Look {
  current ??= readAddress(location.hash);
  return current;
}

/** Be told when something else is to be shown, and what of it changed. */
export function onLook(listener: (changed: ReadonlySet<keyof Look>) => void): void {
  listeners.push(listener);
}

/** Show something else; the address follows, so that it can be copied. */
export function set(change: Partial<Look>): void {
  const before = look();
  const after = { ...before, ...change };
  const changed = new Set(
    (Object.keys(after) as (keyof Look)[]).filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key])),
  );
  current = after;
  history.replaceState(null, "", addressOf(after));
  if (changed.size) for (const listener of listeners) listener(changed);
}

/** Change how maps are drawn. */
export function setStyle(change: Partial<Style>): void {
  set({ style: { ...look().style, ...change } });
}

/** Show what the address asks for, where it asks for something; else have it say what is shown. */
export function follow(): void {
  const names = location.hash.includes("/");
  set(names ? readAddress(location.hash) : {});
}
