// How maps are drawn: strength, colours, mode, cells.
import { MAGNITUDE_MAPS, SIGNED_MAPS, type MagnitudeMap, type SignedMap } from "../core/colour.js";
import { h } from "../core/dom.js";
import { menu, type Options } from "../core/fields.js";
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

/** The controls of how maps are drawn. */
export function drawingControls(): HTMLElement {
  const { style } = choices;
  const flat = server.methods.some(
    (method) => choices.methods.some((chosen) => chosen.name === method.name) && method.settings.some((one) => one.name === "segmentation"),
  );
  const modes = (Object.keys(MODES) as Style["mode"][]).filter((mode) => mode !== "segments" || flat);
  const same = (names: readonly string[]): Options => names.map((name) => [name, name]);
  const opacity = h("input", { type: "range", min: 0, max: 100, step: 5, value: Math.round(100 * style.opacity) });
  opacity.addEventListener("input", () => set({ opacity: Number(opacity.value) / 100 }));
  const native = h("input", { type: "checkbox", checked: style.native });
  native.addEventListener("change", () => set({ native: native.checked }));
  return h(
    "div",
    { class: "drawing" },
    menu("", "Show as", modes.map((mode) => [mode, MODES[mode]]), style.mode, (mode) => set({ mode: mode as Style["mode"] })),
    h("label", {}, h("span", {}, "Strength"), opacity),
    menu("", "Colours", same(MAGNITUDE_MAPS), style.magnitude, (name) => set({ magnitude: name as MagnitudeMap })),
    menu("", "For and against", same(SIGNED_MAPS), style.signed, (name) => set({ signed: name as SignedMap })),
    h("label", { class: "tick" }, native, h("span", {}, "Cells as they are")),
  ); // prettier-ignore
}
