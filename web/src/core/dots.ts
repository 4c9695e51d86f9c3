// Rows of dots with their intervals on one scale: labels at the left, values at the right, what chance gives as a line.
import { scaleLinear } from "d3-scale";
import { s, type Child } from "./dom.js";
import { clipped, widthOf } from "./letters.js";
import { mark } from "./marks.js";
import { tip, untip } from "./tip.js";
import { fixed, short, tickText } from "./words.js";

const FONT = 12;

/** One row, as `report/small_charts.py` and `report/agreement/drawings.py` write it; what is not known is not there. */
export interface Row {
  label: string;
  look: string;
  value?: number;
  low?: number;
  high?: number;
  floor?: number;
  ceiling?: number;
  note?: string;
  /** single values behind the dot */
  parts?: number[];
  /** position of the set that the row is about */
  set?: number;
  /** positions of the two sets that the row is about */
  pair?: [number, number];
}

export interface Chart {
  name: string;
  /** what the scale is */
  head: string;
  rows: Row[];
  /** ends of the scale; those of the values where there are none */
  within: [number, number] | null;
  /** whether 0 is a line that counts */
  zero: boolean;
  /** whether values are shares */
  percent?: boolean;
  /** a line for all rows, in words too */
  chance?: number;
  chanceWords?: string;
  /** rows that are left out, and how many stand above them */
  left?: number;
  at?: number;
}

export interface DotChart {
  svg: SVGSVGElement;
  /** light the rows up that are meant */
  light(isMeant: (row: Row) => boolean): void;
}

export interface Options {
  /** rows side by side in so many columns, on the same scale */
  columns?: number;
  /** height of a row */
  step?: number;
  /** what stands behind a value: its interval, or the row's note */
  behind?: "interval" | "note";
  /** what is said of a row that is pointed at */
  tips?: (row: Row) => Child[];
  /** told of the row that is pointed at, and of none */
  over?: (row: Row | null) => void;
  /** what a row opens */
  open?: (row: Row) => void;
}

type Scale = (value: number) => number;

export function drawDots(chart: Chart, width: number, options: Options = {}): DotChart {
  const columns = Math.max(1, options.columns ?? 1);
  const gap = 36;
  const each = (width - gap * (columns - 1)) / columns;
  const narrow = each < 430;
  const step = (options.step ?? 22) + (narrow ? 15 : 0);
  const [low, high] = domainOf(chart);
  const longest = Math.max(...chart.rows.map((row) => widthOf(row.label, FONT)));
  const texts = chart.rows.map((row) => said(chart, row, options.behind ?? "interval"));
  const aside = narrow ? 0 : Math.max(...texts.map((text) => widthOf(text.join(" "), FONT))) + 14;
  const names = narrow ? 0 : Math.min(longest, each * 0.42) + 14;
  const from = names + (narrow ? 12 : 8);
  const to = each - aside - (narrow ? 16 : 8);
  const at = scaleLinear().domain([low, high]).range([from, to]).clamp(true);
  const more = chart.left ? 1 : 0;
  const rows = Math.ceil((chart.rows.length + more) / columns);
  const words = chart.chance === undefined ? "" : `┆ chance: ${chart.chanceWords ?? ""}, ${written(chart, chart.chance)}`;
  const apart = words && widthOf(words, FONT) + widthOf(chart.head, FONT) > to - from ? 16 : 0;
  const height = rows * step + 4 + 36 + apart;

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
    const end = (own.length + more) * step + 4;
    for (const tick of ticks) {
      block.append(
        s("path", { class: tick === 0 && chart.zero ? "zero" : "grid", d: `M${at(tick)} 0V${end}` }),
        s("text", { class: "tick", x: at(tick), y: end + 14, "text-anchor": "middle" }, chart.percent ? percents(tick) : tickText(tick, decimals)),
      );
    }
    if (words) {
      block.append(
        s("path", { class: "chance-line", d: `M${at(chart.chance!)} 0V${end}` }),
        s("text", { class: "axis-title", x: narrow ? 0 : from, y: end + 30 }, words),
        s("text", { class: "axis-title", x: to, y: end + 30 + apart, "text-anchor": "end" }, chart.head),
      );
    } else block.append(s("text", { class: "axis-title", x: (from + to) / 2, y: end + 30, "text-anchor": "middle" }, chart.head));
    own.forEach((row, i) => {
      const place = i + (more && i >= (chart.at ?? 0) ? 1 : 0);
      const node = drawRow(row, texts[column * rows + i], place * step + 4, step, each, at, { narrow, names, from, to, lifts: options.behind === "note" });
      node.addEventListener("pointermove", (event) => {
        options.over?.(row);
        tip(event.clientX, event.clientY, ...(options.tips ?? ((one) => plainTip(chart, one)))(row));
      });
      node.addEventListener("pointerleave", () => (options.over?.(null), untip()));
      if (options.open) {
        node.classList.add("opens");
        node.addEventListener("click", () => options.open!(row));
      }
      made.push({ row, node });
      block.append(node);
    });
    if (more) {
      const y = ((chart.at ?? 0) + 0.5) * step + 8;
      block.append(s("text", { class: "tick", x: narrow ? 2 : names - 6, y, "text-anchor": narrow ? "start" : "end" }, `${chart.left} more`));
    }
    svg.append(block);
  }
  return {
    svg,
    light(isMeant) {
      svg.classList.toggle("picking", made.some(({ row }) => isMeant(row)));
      for (const { row, node } of made) node.classList.toggle("lit", isMeant(row));
    },
  };
}

interface Frame {
  narrow: boolean;
  names: number;
  from: number;
  to: number;
  /** whether a line leads from the floor to the value */
  lifts: boolean;
}

function drawRow(
  row: Row,
  [strong, more]: readonly [string, string],
  y: number,
  step: number,
  width: number,
  at: Scale,
  { narrow, names, from, to, lifts }: Frame,
): SVGGElement {
  const middle = narrow ? y + step - 10 : y + step / 2;
  const node = s("g", { class: `row ${row.look}` });
  node.append(s("rect", { class: "hit", x: 0, y, width, height: step }));
  const letters = narrow ? middle - 12 : middle + 4;
  const beside = widthOf(`${strong} ${more}`, FONT);
  node.append(
    narrow
      ? s("text", { class: "label", x: 2, y: letters }, clipped(row.label, width - beside - 16, FONT))
      : s("text", { class: "label", x: names - 6, y: letters, "text-anchor": "end" }, clipped(row.label, names - 8, FONT)),
  );
  node.append(s("path", { class: "rail", d: `M${from} ${middle}H${to}` }));
  for (const part of row.parts ?? []) node.append(s("circle", { class: "part", cx: at(part), cy: middle, r: 2 }));
  if (lifts && row.floor !== undefined && row.value !== undefined) {
    node.append(s("path", { class: "lift", d: `M${at(row.floor)} ${middle}H${at(row.value)}` }));
  }
  if (row.low !== undefined && row.high !== undefined) {
    node.append(s("path", { class: `whisker ${row.look}`, d: `M${at(row.low)} ${middle}H${at(row.high)}` }));
  }
  if (row.floor !== undefined) node.append(s("path", { class: "floor", d: `M${at(row.floor)} ${middle - 6}v12` }));
  if (row.ceiling !== undefined) node.append(s("path", { class: "ceiling", d: `M${at(row.ceiling)} ${middle - 6}v12` }));
  if (row.value !== undefined) node.append(mark(row.look, at(row.value), middle, 4.8));
  const value = s("text", { class: "said", x: narrow ? width - 2 : width - 4, y: letters, "text-anchor": "end" });
  value.append(s("tspan", { class: "strong" }, strong));
  if (more) value.append(s("tspan", {}, ` ${more}`));
  node.append(value);
  return node;
}

function percents(value: number): string {
  return `${Math.round(100 * value)} %`;
}

function written(chart: Chart, value: number): string {
  return chart.percent ? percents(value) : short(value);
}

// The value, and what stands behind it.
function said(chart: Chart, row: Row, behind: "interval" | "note"): [string, string] {
  if (row.value === undefined) return ["–", ""];
  if (behind === "note") return [written(chart, row.value), row.note ?? ""];
  const interval = row.low === undefined || row.high === undefined ? "" : `(${written(chart, row.low)} to ${written(chart, row.high)})`;
  return [written(chart, row.value), interval];
}

function plainTip(chart: Chart, row: Row): Child[] {
  const text = (value: number): string => (chart.percent ? percents(value) : fixed(value));
  return [
    row.label,
    `${chart.head} ${row.value === undefined ? "–" : text(row.value)}`,
    row.low !== undefined && row.high !== undefined && `95 % interval ${text(row.low)} to ${text(row.high)}`,
    row.floor !== undefined && `chance ${text(row.floor)}`,
    row.note,
  ];
}

function domainOf(chart: Chart): [number, number] {
  if (chart.within) return chart.within;
  const drawn = chart.rows.flatMap((row) => [row.value, row.low, row.high, row.floor, row.ceiling, ...(row.parts ?? [])]);
  const known = [...drawn, chart.chance].filter((value): value is number => value !== undefined);
  if (!known.length) return [0, 1];
  let [low, high] = [Math.min(...known), Math.max(...known)];
  if (high - low < 0.05) [low, high] = [(low + high) / 2 - 0.025, (low + high) / 2 + 0.025]; // nothing must not look like much
  const nice = scaleLinear().domain([low, high]).nice(6).domain();
  return [nice[0], nice[1]];
}

function sentence(chart: Chart): string {
  const rows = chart.rows.slice(0, 8).map((row) => `${row.label} ${said(chart, row, "interval").filter(Boolean).join(" ")}`);
  const more = chart.rows.length > 8 ? `, and ${chart.rows.length - 8} more` : "";
  return `${chart.name}, ${chart.head}: ${rows.join("; ")}${more}`;
}

/** The numbers of a chart as a table. */
export function dotsTable(chart: Chart): (string | number | null)[][] {
  const cells = (row: Row): (string | number | null)[] =>
    [row.value, row.low, row.high, row.floor ?? chart.chance, row.ceiling].map((value) => value ?? null);
  return [
    ["", chart.head, "low", "high", "chance floor", "ceiling", "note"],
    ...chart.rows.map((row) => [row.label, ...cells(row), row.note ?? ""]),
  ];
}
