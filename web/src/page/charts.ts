// Charts of the first screen and of the scores, as wide as the place that they stand in.
import { dotsTable, drawDots, type Chart } from "../core/dots.js";
import { saves } from "../core/saves.js";

/** A chart as `report/small_charts.py` writes it. */
export interface SmallChart extends Chart {
  /** beginning of its files' names */
  file: string;
}

/** Draw a chart into an element, and again when its width changes; buttons that save it. */
export function startChart(root: HTMLElement, chart: Chart, name: string): HTMLElement {
  const draw = (width: number): SVGSVGElement => drawDots(chart, width, { behind: "note", step: 24 }).svg;
  let svg: SVGSVGElement | null = null;
  let width = 0;
  const fit = (): void => {
    const wide = Math.floor(root.clientWidth);
    if (!wide || wide === width) return;
    width = wide;
    svg = draw(wide);
    root.replaceChildren(svg);
  };
  new ResizeObserver(fit).observe(root);
  fit();
  return saves(name, name, () => (svg ??= draw(480)), () => dotsTable(chart)); // prettier-ignore
}
