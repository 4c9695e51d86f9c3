// Every drawing can be taken along: as SVG and PNG for papers, its numbers as CSV.
import { h } from "../core/dom.js";
import { saveCsv, savePng, saveSvg } from "../core/save.js";

export type Table = (string | number | null)[][];

export function slug(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "figure"; // prettier-ignore
}

/** Small buttons that save a drawing and its numbers. */
export function files(name: string, about: string, drawing: () => SVGSVGElement, table: () => Table): HTMLElement {
  const button = (kind: string, save: () => void): HTMLElement =>
    h("button", { type: "button", class: "file", "aria-label": `${about} as ${kind}`, onclick: save }, kind);
  return h(
    "p",
    { class: "takes" },
    button("SVG", () => saveSvg(drawing(), name)),
    button("PNG", () => void savePng(drawing(), name)),
    button("CSV", () => saveCsv(table(), name)),
  );
}
