// What marks and lines mean, in a line above a drawing and within it, so that it is there in a saved figure, too.
import { s } from "../core/dom.js";
import type { Chart } from "../core/dots.js";
import { widthOf } from "../core/letters.js";
import { lookOf, mark } from "../core/marks.js";
import type { Agree } from "./data.js";

export interface Entry {
  icon: SVGElement;
  /** width of the icon, which is drawn around the line's middle from 0 to the right */
  wide: number;
  words: string;
}

const LINE = 19;
const FONT = 12;

function marked(look: string, words: string): Entry {
  return { icon: mark(look, 6, 0, 4.8), wide: 12, words };
}

/** The groups of models with their marks, and the corner of pairs that are no more alike than by chance. */
export function groupEntries(agree: Agree, chance = false): Entry[] {
  const groups = agree.group ? agree.groups.map((name, i) => marked(lookOf(i), name)) : [];
  const corner = s("path", { class: "corner", d: "M9 -4V4H1Z" });
  return chance ? [...groups, { icon: corner, wide: 10, words: "not above chance" }] : groups;
}

/** The marks and lines of a chart: relations where its rows are pairs, groups where they are models. */
export function chartEntries(agree: Agree, chart: Chart): Entry[] {
  const some = (name: "floor" | "ceiling" | "low"): boolean => chart.rows.some((row) => row[name] !== undefined);
  const found: Entry[] = [];
  if (chart.rows.some((row) => row.pair)) found.push(...agree.relations.map(([look, words]) => marked(look, words)));
  if (chart.rows.some((row) => row.set !== undefined)) found.push(...groupEntries(agree));
  if (some("low")) found.push({ icon: s("path", { class: "whisker", d: "M2 0H20" }), wide: 22, words: "95 % interval" });
  if (some("floor")) found.push({ icon: s("path", { class: "floor", d: "M4 -6v12" }), wide: 8, words: "chance floor" });
  if (some("ceiling")) found.push({ icon: s("path", { class: "ceiling", d: "M4 -6v12" }), wide: 8, words: "ceiling: two seeds of one network" });
  return found;
}

/** Put entries on top of a drawing, which grows upwards by the lines that they take. */
export function addLegend(svg: SVGSVGElement, entries: Entry[]): void {
  if (!entries.length) return;
  const { width, height } = svg.viewBox.baseVal;
  const group = s("g", { class: "legend" });
  let [x, line] = [0, 0];
  const made = entries.map(({ icon, wide, words }) => {
    const room = wide + 6 + widthOf(words, FONT);
    if (x > 0 && x + room > width) [x, line] = [0, line + 1];
    const at = { x, line, icon, wide, words };
    x += room + 18;
    return at;
  });
  const tall = LINE * (line + 1) + 8;
  for (const { x, line, icon, wide, words } of made) {
    const y = LINE * (line + 0.5) - tall;
    const entry = s("g", { transform: `translate(${x.toFixed(1)} ${y})` }, icon, s("text", { x: wide + 6, y: 4 }, words));
    group.append(entry);
  }
  svg.append(group);
  svg.setAttribute("viewBox", `0 ${-tall} ${width} ${height + tall}`);
  svg.setAttribute("height", String(height + tall));
}
