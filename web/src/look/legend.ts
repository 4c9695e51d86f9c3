// What colours mean: a bar with words at its ends, or the two colours of segments.
import { TOP_BYTE, tableOf } from "../core/colour.js";
import { h } from "../core/dom.js";
import { data } from "../core/data.js";
import { AGAINST, FOR } from "../core/shading.js";
import type { Look } from "./state.js";

function bar(look: Look, signed: boolean): HTMLElement {
  const canvas = h("canvas", { width: TOP_BYTE + 1, height: 1, "aria-hidden": "true" });
  const context = canvas.getContext("2d")!;
  const colours = new ImageData(TOP_BYTE + 1, 1);
  colours.data.set(tableOf(signed ? look.style.signed : look.style.magnitude, look.style.mode === "map" || look.style.mode === "contour"));
  context.putImageData(colours, 0, 0);
  const ends = signed ? ["−max: against", "+max: for"] : ["0", "max of the map"];
  const lines = look.style.mode === "contour" ? " Lines at a quarter, a half and three quarters." : "";
  return h(
    "span",
    { class: "bar", title: `Every map is scaled by itself.${lines}` },
    h("span", {}, ends[0]),
    canvas,
    h("span", {}, ends[1]),
  );
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
  return [...(magnitude ? [bar(look, false)] : []), ...(signed ? [bar(look, true)] : [])];
}
