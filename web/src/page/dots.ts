// Rows of dots with intervals on one scale: labels at the left, values at the right, what chance gives as a line.
import { extent } from "d3-array";
import { scaleLinear } from "d3-scale";
import { fixed } from "../core/data.js";
import { h, s } from "../core/dom.js";
import { saveCsv, savePng, saveSvg } from "../core/save.js";
import { tip, untip } from "../core/tip.js";

export interface Point {
  label: string;
  mean: number | null;
  low: number | null;
  high: number | null;
  floor: number | null;
  look: string;
  note: string;
  parts: number[];
}

export interface Chart {
  name: string;
  unit: string;
  within: [number, number] | null;
  chance: number | null;
  chanceWords: string;
  percent: boolean;
  /** rows left out, and how many stand above them */
  left: number;
  at: number;
  points: Point[];
}

const ROW = 24;

function written(chart: Chart, value: number | null): string {
  if (value === null) return "–";
  return chart.percent ? `${Math.round(100 * value)} %` : fixed(value);
}

// Ends of the scale: those asked for, else round numbers around everything that is drawn.
function scaleOf(chart: Chart, left: number, right: number) {
  const values = chart.points.flatMap((p) => [p.mean, p.low, p.high, p.floor, ...p.parts]).concat(chart.chance);
  const [low = 0, high = 1] = extent(values.filter((value) => value !== null)) as [number, number];
  const [start, end] = chart.within ?? [low, high === low ? low + 1 : high];
  const scale = scaleLinear([start, end], [left, right]);
  return chart.within ? scale : scale.nice(4);
}

function shortened(text: string, width: number): string {
  const most = Math.max(6, Math.floor(width / 6.6));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** The drawing at a width. */
export function drawing(chart: Chart, width: number): SVGSVGElement {
  const longest = Math.max(...chart.points.map((p) => p.label.length));
  const names = Math.min(longest * 6.9 + 12, width * 0.38);
  const notes = Math.max(...chart.points.map((p) => p.note.length)) * 6.2;
  const numbers = 38 + (width > 420 && notes ? notes + 10 : 0);
  const left = names + 8;
  const right = width - numbers - 16;
  const gap = chart.left ? 1 : 0;
  const narrow = width <= 420;
  const height = (chart.points.length + gap) * ROW + (narrow && chart.chance !== null ? 56 : 40);
  const x = scaleOf(chart, left, right);
  const bottom = (chart.points.length + gap) * ROW + 4;
  const svg = s("svg", {
    class: "small-dots", viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
    "aria-label": `${chart.unit}: ${chart.points.map((p) => `${p.label} ${written(chart, p.mean)}`).join(", ")}`,
  }); // prettier-ignore
  for (const tick of x.ticks(width > 420 ? 5 : 3)) {
    svg.append(
      s("line", { class: "tick", x1: x(tick), x2: x(tick), y1: 2, y2: bottom }),
      s("text", { class: "scale", x: x(tick), y: bottom + 15, "text-anchor": "middle" }, chart.percent ? `${Math.round(100 * tick)} %` : String(Number(tick.toFixed(3))).replace("-", "−")),
    ); // prettier-ignore
  }
  svg.append(s("text", { class: "scale", x: right, y: bottom + 31, "text-anchor": "end" }, chart.unit));
  if (chart.chance !== null) {
    svg.append(
      s("line", { class: "chance", x1: x(chart.chance), x2: x(chart.chance), y1: 0, y2: bottom }),
      s("text", { class: "chance-words", x: narrow ? 0 : x.range()[0]!, y: bottom + (narrow ? 47 : 31), "text-anchor": "start" }, `┆ chance: ${chart.chanceWords}, ${written(chart, chart.chance)}`),
    ); // prettier-ignore
  }
  chart.points.forEach((point, number) => {
    const row = number + (gap && number >= chart.at ? 1 : 0);
    if (gap && number === chart.at) {
      svg.append(s("text", { class: "scale", x: names, y: (number + 0.5) * ROW + 4, "text-anchor": "end" }, `${chart.left} more`));
    }
    svg.append(rowOf(chart, point, row, { x, names, width, right }));
  });
  return svg;
}

interface Frame {
  x: (value: number) => number;
  names: number;
  width: number;
  right: number;
}

function rowOf(chart: Chart, point: Point, row: number, { x, names, width, right }: Frame): SVGGElement {
  const y = (row + 0.5) * ROW;
  const group = s("g", { class: `dot-row ${point.look}` });
  group.append(
    s("rect", { class: "hit", x: 0, y: row * ROW, width, height: ROW }),
    s("text", { class: "label", x: names, y: y + 4, "text-anchor": "end" }, shortened(point.label, names)),
  );
  for (const part of point.parts) group.append(s("circle", { class: "part", cx: x(part), cy: y, r: 2 }));
  if (point.floor !== null) {
    if (point.mean !== null) {
      group.append(s("line", { class: "lift", x1: x(point.floor), x2: x(point.mean), y1: y, y2: y }));
    }
    group.append(s("line", { class: "floor", x1: x(point.floor), x2: x(point.floor), y1: y - 6, y2: y + 6 }));
  }
  if (point.low !== null && point.high !== null) {
    group.append(s("line", { class: "interval", x1: x(point.low), x2: x(point.high), y1: y, y2: y }));
  }
  if (point.mean !== null) group.append(s("circle", { class: "dot-mark", cx: x(point.mean), cy: y, r: 4.5 }));
  group.append(s("text", { class: "amount", x: right + 44, y: y + 4, "text-anchor": "end" }, written(chart, point.mean)));
  if (width > 420 && point.note) group.append(s("text", { class: "scale", x: right + 54, y: y + 4 }, point.note));
  const lines = [
    point.label,
    `${chart.unit} ${written(chart, point.mean)}`,
    point.low !== null && `95 % interval ${written(chart, point.low)} to ${written(chart, point.high)}`,
    point.floor !== null && `chance ${written(chart, point.floor)}`,
    point.note,
  ];
  group.addEventListener("pointermove", (event) => tip(event.clientX, event.clientY, ...lines));
  group.addEventListener("pointerleave", untip);
  return group;
}

/** The numbers of a chart as a table. */
export function chartRows(chart: Chart): (string | number | null)[][] {
  return [
    ["label", chart.unit, "low", "high", "chance", "note"],
    ...chart.points.map((p) => [p.label, p.mean, p.low, p.high, p.floor ?? chart.chance, p.note]),
  ];
}

/** Buttons that save a drawing and its numbers. */
export function saves(svg: () => SVGSVGElement, name: string, rows: () => (string | number | null)[][]): HTMLElement {
  const button = (word: string, does: () => void): HTMLElement =>
    h("button", { type: "button", class: "save", "aria-label": `Save ${name} as ${word}`, onclick: does }, word);
  return h(
    "span",
    { class: "saves" },
    button("SVG", () => saveSvg(svg(), name)),
    button("PNG", () => void savePng(svg(), name)),
    button("CSV", () => saveCsv(rows(), name)),
  );
}

/** Draw a chart into an element as wide as that is, and again when its width changes. */
export function startChart(root: HTMLElement, chart: Chart): () => SVGSVGElement {
  let svg = drawing(chart, 480);
  let width = 0;
  const draw = (): void => {
    const wide = Math.floor(root.clientWidth);
    if (!wide || wide === width) return;
    width = wide;
    svg = drawing(chart, wide);
    root.replaceChildren(svg);
  };
  new ResizeObserver(draw).observe(root);
  draw();
  return () => svg;
}
