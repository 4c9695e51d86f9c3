// What colours mean: a bar with words at its ends, or the two colours of segments.
import { TOP_BYTE, tableOf, type MagnitudeMap, type SignedMap } from "../core/colour.js";
import { data } from "../core/data.js";
import { h } from "../core/dom.js";
import type { Mode } from "../core/overlay.js";
import { AGAINST, FOR } from "../core/shading.js";
import type { Look } from "./state.js";

// Colours as they are over a photograph; solid where they are drawn so.
function bar(colours: MagnitudeMap | SignedMap, ends: readonly [string, string], mode: Mode): HTMLElement {
  const canvas = h("canvas", { width: TOP_BYTE + 1, height: 1, "aria-hidden": "true" });
  const pixels = new ImageData(TOP_BYTE + 1, 1);
  pixels.data.set(tableOf(colours, mode === "map" || mode === "contour"));
  canvas.getContext("2d")!.putImageData(pixels, 0, 0);
  const title = mode === "contour" ? "Lines at a quarter, a half and three quarters of each map's maximum" : "Every map is scaled by itself";
  return h("span", { class: "bar", title }, h("span", {}, ends[0]), canvas, h("span", {}, ends[1]));
}

/** The legend of the difference of two maps. */
export function differenceLegend({ style }: Look): HTMLElement {
  return bar(style.signed, ["B stronger", "A stronger, each by its own maximum"], style.mode);
}

function chip(colour: readonly [number, number, number], words: string): HTMLElement {
  return h("span", { class: "chip" }, h("i", { "--mark": `rgb(${colour.join(" ")})` }), words);
}

/** Whether columns that are shown have signed maps, and whether they have others. */
export function kinds(look: Look): { signed: boolean; magnitude: boolean; flat: boolean } {
  const methods = look.columns === "methods" ? data.methods : [data.methods[look.method]!];
  return {
    signed: methods.some((method) => method.signed),
    magnitude: methods.some((method) => !method.signed),
    flat: methods.some((method) => method.superpixels),
  };
}

/** The legend of what is shown. */
export function legend(look: Look): HTMLElement[] {
  const { signed, magnitude, flat } = kinds(look);
  if (look.style.mode === "spotlight") return [h("span", { class: "bar" }, "bright where the map is strong and for the class")];
  if (look.style.mode === "segments" && flat) {
    const against = signed ? [chip(AGAINST, "segments against the class")] : [];
    return [chip(FOR, "segments for the class"), ...against, h("span", { class: "bar" }, "outlined from a quarter of the maximum")];
  }
  const { style } = look;
  return [
    ...(magnitude ? [bar(style.magnitude, ["0", "max of the map"], style.mode)] : []),
    ...(signed ? [bar(style.signed, ["−max: against", "+max: for"], style.mode)] : []),
  ];
}
