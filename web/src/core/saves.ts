// Every drawing can be taken along: as SVG and PNG for papers, its numbers as CSV.
import { h } from "./dom.js";
import { saveCsv, savePng, saveSvg } from "./save.js";

export type Table = (string | number | null)[][];

/** A small button that saves something. */
export function saveButton(kind: string, about: string, save: () => void): HTMLElement {
  return h("button", { type: "button", class: "save", "aria-label": `Save ${about} as ${kind}`, onclick: save }, kind);
}

/** Small buttons that save a drawing and its numbers; `about` says what they are for those who do not see it. */
export function saves(name: string, about: string, drawing: () => SVGSVGElement, table: () => Table): HTMLElement {
  return h(
    "span",
    { class: "saves" },
    saveButton("SVG", about, () => saveSvg(drawing(), name)),
    saveButton("PNG", about, () => void savePng(drawing(), name)),
    saveButton("CSV", about, () => saveCsv(table(), name)),
  );
}
