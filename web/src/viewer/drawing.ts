// How maps are drawn: strength, colours, mode, cells.
import { h } from "../core/dom.js";
import { MAGNITUDE_MAPS, SIGNED_MAPS, type MagnitudeMap, type SignedMap } from "../core/colour.js";
import type { Style } from "../core/overlay.js";
import { choices, choose, server } from "./state.js";

const MODES: Record<Style["mode"], string> = {
  heat: "Heat over the photograph",
  spotlight: "Spotlight",
  contour: "Contours",
  segments: "Segments",
  map: "Map alone",
};

function set(change: Partial<Style>): void {
  choose({ style: { ...choices.style, ...change } });
}

function select<T extends string>(label: string, values: readonly T[], now: T, words: (value: T) => string, chosen: (value: T) => void): HTMLElement {
  const element = h("select", {}, ...values.map((value) => h("option", { value, selected: value === now }, words(value))));
  element.addEventListener("change", () => chosen(element.value as T));
  return h("label", {}, h("span", {}, label), element);
}

/** The controls of how maps are drawn. */
export function drawingControls(): HTMLElement {
  const { style } = choices;
  const flat = server.methods.some(
    (method) => choices.methods.some((chosen) => chosen.name === method.name) && method.settings.some((one) => one.name === "segmentation"),
  );
  const opacity = h("input", { type: "range", min: 0, max: 100, step: 5, value: Math.round(100 * style.opacity) });
  opacity.addEventListener("input", () => set({ opacity: Number(opacity.value) / 100 }));
  const native = h("input", { type: "checkbox", checked: style.native });
  native.addEventListener("change", () => set({ native: native.checked }));
  return h(
    "div",
    { class: "drawing" },
    select("Show as", (Object.keys(MODES) as Style["mode"][]).filter((mode) => mode !== "segments" || flat), style.mode, (mode) => MODES[mode], (mode) => set({ mode })),
    h("label", {}, h("span", {}, "Strength"), opacity),
    select<MagnitudeMap>("Colours", MAGNITUDE_MAPS, style.magnitude, (name) => name, (magnitude) => set({ magnitude })),
    select<SignedMap>("For and against", SIGNED_MAPS, style.signed, (name) => name, (signed) => set({ signed })),
    h("label", { class: "tick" }, native, h("span", {}, "Cells as they are")),
  ); // prettier-ignore
}
