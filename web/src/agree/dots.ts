// Values with their intervals on one scale, row by row: ladder, pairs, consensus, properties.
import { scaleLinear } from "d3-scale";
import { s } from "../core/dom.js";
import { tip, untip } from "../core/tip.js";
import type { Chart, Row } from "./data.js";
import { clipped, short, tickText, widthOf } from "./letters.js";
import { isMeant, type Drawing, type Linked } from "./linked.js";
import { mark } from "./marks.js";
import { rowTip } from "./words.js";

const FONT = 12;

export interface DotChart extends Drawing {
  svg: SVGSVGElement;
}

export interface Options {
  /** rows side by side in so many columns, on the same scale */
  columns?: number;
  /** height of a row */
  step?: number;
  /** what a row opens */
  open?: (row: Row) => void;
}

type Scale = (value: number) => number;

export function drawDots(chart: Chart, width: number, linked: Linked, options: Options = {}): DotChart {
  const columns = Math.max(1, options.columns ?? 1);
  const gap = 36;
  const each = (width - gap * (columns - 1)) / columns;
  const narrow = each < 430;
  const step = (options.step ?? 22) + (narrow ? 15 : 0);
  const [low, high] = domainOf(chart);
  const longest = Math.max(...chart.rows.map((row) => widthOf(row.label, FONT)));
  const texts = chart.rows.map(said);
  const aside = narrow ? 0 : Math.max(...texts.map((text) => widthOf(text, FONT))) + 14;
  const names = narrow ? 0 : Math.min(longest, each * 0.42) + 14;
  const from = names + (narrow ? 12 : 8);
  const to = each - aside - (narrow ? 16 : 8);
  const at = scaleLinear().domain([low, high]).range([from, to]).clamp(true);
  const rows = Math.ceil(chart.rows.length / columns);
  const bottom = rows * step + 4;
  const height = bottom + 36;

  const svg = s("svg", {
    class: "drawing dots", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": sentence(chart),
  }); // prettier-ignore
  const ticks = at.ticks(Math.max(2, Math.min(6, Math.floor((to - from) / 55))));
  const decimals = ticks.length > 1 && ticks[1] - ticks[0] < 0.0995 ? 2 : 1;
  const made: { row: Row; node: SVGGElement }[] = [];
  for (let column = 0; column < columns; column++) {
    const own = chart.rows.slice(column * rows, (column + 1) * rows);
    if (!own.length) break;
    const block = s("g", { transform: `translate(${(column * (each + gap)).toFixed(1)} 0)` });
    const end = own.length * step + 4;
    for (const tick of ticks) {
      block.append(
        s("path", { class: tick === 0 && chart.zero ? "zero" : "grid", d: `M${at(tick)} 0V${end}` }),
        s("text", { class: "tick", x: at(tick), y: end + 14, "text-anchor": "middle" }, tickText(tick, decimals)),
      );
    }
    block.append(s("text", { class: "axis-title", x: (from + to) / 2, y: end + 30, "text-anchor": "middle" }, chart.head));
    own.forEach((row, i) => {
      const node = drawRow(row, texts[column * rows + i], i * step + 4, step, each, at, { narrow, names, from, to });
      node.addEventListener("pointermove", (event) => {
        linked.light(setsOf(row));
        tip(event.clientX, event.clientY, ...rowTip(row, chart.head));
      });
      node.addEventListener("pointerleave", () => (linked.light([]), untip()));
      if (options.open) {
        node.classList.add("opens");
        node.addEventListener("click", () => options.open!(row));
      }
      made.push({ row, node });
      block.append(node);
    });
    svg.append(block);
  }
  return {
    node: svg,
    svg,
    light(sets) {
      svg.classList.toggle("picking", made.some(({ row }) => meant(row, sets)));
      for (const { row, node } of made) node.classList.toggle("lit", meant(row, sets));
    },
  };
}

function setsOf(row: Row): number[] {
  return row.pair ?? (row.set === undefined ? [] : [row.set]);
}

function meant(row: Row, sets: readonly number[]): boolean {
  const own = setsOf(row);
  if (!own.length || !sets.length) return false;
  return row.pair ? isMeant(own, sets) : sets.includes(own[0]);
}

function drawRow(
  row: Row,
  text: string,
  y: number,
  step: number,
  width: number,
  at: Scale,
  { narrow, names, from, to }: { narrow: boolean; names: number; from: number; to: number },
): SVGGElement {
  const middle = narrow ? y + step - 10 : y + step / 2;
  const node = s("g", { class: "row" });
  node.append(s("rect", { class: "hit", x: 0, y, width, height: step }));
  const letters = narrow ? middle - 12 : middle + 4;
  node.append(
    narrow
      ? s("text", { class: "label", x: 2, y: letters }, clipped(row.label, width - widthOf(text, FONT) - 16, FONT))
      : s("text", { class: "label", x: names - 6, y: letters, "text-anchor": "end" }, clipped(row.label, names - 8, FONT)),
  );
  node.append(s("path", { class: "rail", d: `M${from} ${middle}H${to}` }));
  if (row.low !== undefined && row.high !== undefined) {
    node.append(s("path", { class: `whisker ${row.look}`, d: `M${at(row.low)} ${middle}H${at(row.high)}` }));
  }
  if (row.floor !== undefined) node.append(s("path", { class: "floor", d: `M${at(row.floor)} ${middle - 6}v12` }));
  if (row.ceiling !== undefined) node.append(s("path", { class: "ceiling", d: `M${at(row.ceiling)} ${middle - 6}v12` }));
  if (row.value !== undefined) node.append(mark(row.look, at(row.value), middle, 4.8));
  const value = s("text", { class: "said", x: narrow ? width - 2 : width - 4, y: letters, "text-anchor": "end" });
  const [strong, ...rest] = text.split(" ");
  value.append(s("tspan", { class: "strong" }, strong));
  if (rest.length) value.append(s("tspan", {}, ` ${rest.join(" ")}`));
  node.append(value);
  return node;
}

// The value and its interval.
function said(row: Row): string {
  if (row.value === undefined) return "–";
  const interval = row.low === undefined || row.high === undefined ? "" : ` (${short(row.low)} to ${short(row.high)})`;
  return short(row.value) + interval;
}

function domainOf(chart: Chart): [number, number] {
  if (chart.within) return chart.within;
  const drawn = chart.rows.flatMap((row) => [row.value, row.low, row.high, row.floor, row.ceiling]);
  const known = drawn.filter((value): value is number => value !== undefined);
  let [low, high] = [Math.min(...known), Math.max(...known)];
  if (high - low < 0.05) [low, high] = [(low + high) / 2 - 0.025, (low + high) / 2 + 0.025]; // nothing must not look like much
  const nice = scaleLinear().domain([low, high]).nice(6).domain();
  return [nice[0], nice[1]];
}

function sentence(chart: Chart): string {
  const rows = chart.rows.slice(0, 8).map((row) => `${row.label} ${said(row)}`);
  const more = chart.rows.length > 8 ? `, and ${chart.rows.length - 8} more` : "";
  return `${chart.name}, ${chart.head}: ${rows.join("; ")}${more}`;
}

export function dotsTable(chart: Chart): (string | number | null)[][] {
  const cells = (row: Row): (string | number | null)[] =>
    [row.value, row.low, row.high, row.floor, row.ceiling].map((value) => value ?? null);
  return [
    ["", chart.head, "low", "high", "chance floor", "ceiling", "note"],
    ...chart.rows.map((row) => [row.label, ...cells(row), row.note ?? ""]),
  ];
}
