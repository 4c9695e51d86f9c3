// Loss and accuracy over the epochs, above the columns they belong to.
import { extent } from "d3-array";
import { scaleLinear } from "d3-scale";
import { s, type Child } from "../core/dom.js";
import { fixed, tickText } from "../core/words.js";
import type { Metrics } from "./data.js";
import type { Frame } from "./frame.js";

interface Line {
  name: string;
  look: string;
  values: (number | null)[];
}

interface Panel {
  title: string;
  lines: Line[];
  domain: [number, number];
}

const HEIGHT = 92;
const TOP = 18;

function linesOf(metrics: Metrics, ending: string): Line[] {
  const found = Object.keys(metrics).filter((name) => name.endsWith(ending) && metrics[name].some((value) => value !== null));
  return found.map((name) => {
    const kind = name.split("/")[0]!;
    return { name: kind, look: /^train/.test(kind) ? "train" : "held", values: metrics[name] };
  });
}

/** What curves there are; of accuracy, that of the images themselves where nothing else was recorded. */
export function panelsOf(metrics: Metrics, own: number[]): Panel[] {
  const accuracy = linesOf(metrics, "/accuracy");
  if (!accuracy.some((line) => line.look === "held") && own.some(Number.isFinite)) {
    accuracy.push({ name: "these images", look: "held", values: own });
  }
  const loss = linesOf(metrics, "/loss");
  const panels: Panel[] = [];
  if (accuracy.length) panels.push({ title: "accuracy", lines: accuracy, domain: nice(accuracy, true) });
  if (loss.length) panels.push({ title: "loss", lines: loss, domain: nice(loss, false) });
  return panels;
}

function nice(lines: Line[], share: boolean): [number, number] {
  const [low = 0, high = 1] = extent(lines.flatMap(({ values }) => values.filter((value): value is number => value !== null && Number.isFinite(value))));
  if (share) return [Math.min(low, 0.9) < 0.5 ? 0 : 0.5, 1];
  return [0, high || 1];
}

/** The drawing; `range` are places of epochs. */
export function drawCurves(panels: Panel[], frame: Frame, range: readonly [number, number], epochs: readonly number[]): SVGSVGElement {
  const [from, to] = range;
  const each = HEIGHT + TOP;
  const height = Math.max(1, panels.length * each);
  const column = (frame.x1 - frame.x0) / (to - from + 1);
  const x = (place: number): number => frame.x0 + (place - from + 0.5) * column;
  const svg = s("svg", { class: "drawing curves", width: frame.width, height, viewBox: `0 0 ${frame.width} ${height}`, role: "img", "aria-label": sentence(panels, epochs, to) });
  panels.forEach((panel, k) => {
    const y = scaleLinear().domain(panel.domain).range([k * each + TOP + HEIGHT - 8, k * each + TOP + 4]);
    for (const tick of y.ticks(3)) {
      svg.append(
        s("path", { class: "grid", d: `M${frame.x0} ${y(tick)}H${frame.x1}` }),
        s("text", { class: "tick", x: frame.x0 - 6, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick, 1)),
      );
    }
    svg.append(...title(panel, frame, k * each + 11));
    for (const line of panel.lines) svg.append(...drawLine(line, from, to, x, y));
  });
  return svg;
}

function drawLine(line: Line, from: number, to: number, x: (place: number) => number, y: (value: number) => number): SVGElement[] {
  let d = "";
  let pen = false;
  const points: SVGElement[] = [];
  for (let place = from; place <= to; place++) {
    const value = line.values[place];
    if (value === null || value === undefined || !Number.isFinite(value)) {
      pen = false;
      continue;
    }
    d += `${pen ? "L" : "M"}${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
    if (!pen && !Number.isFinite(line.values[place + 1] ?? NaN)) points.push(s("circle", { class: `line-dot ${line.look}`, cx: x(place), cy: y(value), r: 2 }));
    pen = true;
  }
  return [s("path", { class: `line ${line.look}`, d }), ...points];
}

function title(panel: Panel, frame: Frame, y: number): SVGElement[] {
  const words: Child[] = [s("tspan", { class: "strong" }, panel.title)];
  for (const line of panel.lines) words.push(s("tspan", { class: `said-line ${line.look}`, dx: 10 }, `${line.look === "train" ? "╌" : "━"} ${line.name}`));
  return [s("text", { class: "curve-title", x: frame.x0, y }, ...words)];
}

function sentence(panels: Panel[], epochs: readonly number[], last: number): string {
  const said = panels.map((panel) => `${panel.title} ${panel.lines.map((line) => `${line.name} ${fixed(line.values[last], 3)}`).join(", ")}`);
  return `Curves over the epochs; at epoch ${epochs[last] ?? "–"}: ${said.join("; ")}`;
}

/** The values of an epoch, in words. */
export function saidAt(panels: Panel[], place: number): string[] {
  return panels.map((panel) => `${panel.title}: ${panel.lines.map((line) => `${line.name} ${fixed(line.values[place], 3)}`).join(", ")}`);
}
