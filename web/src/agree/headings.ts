// Names beside the rows and over the columns of the matrix, with the marks of their groups.
import { s } from "../core/dom.js";
import { clipped } from "../core/letters.js";
import { lookOf, mark } from "../core/marks.js";
import { tip, untip } from "../core/tip.js";
import type { Agree } from "./data.js";
import { FONT, xOf, yOf, type Grid } from "./grid.js";
import type { Linked } from "./linked.js";
import { modelTip } from "./words.js";

export interface Headings {
  node: SVGGElement;
  move(from: readonly number[], done: number): void;
  light(sets: readonly number[]): void;
}

export function drawHeadings(agree: Agree, grid: Grid, linked: Linked): Headings {
  const { marked, nameRoom, upright, spot } = grid;
  const made = agree.sets.map((name, set) => {
    const text = clipped(name, nameRoom, FONT);
    const row = s("g", { class: "name" }, s("text", { x: -8 - marked, y: 4, "text-anchor": "end" }, text));
    const turned = s("text", { x: marked + (upright ? 2 : 4), y: 4, transform: `rotate(${upright ? -90 : -45})` }, text);
    const column = s("g", { class: "name" }, turned);
    if (grid.cell < 12) turned.classList.add("tight");
    if (agree.group) {
      const look = lookOf(agree.group[set]);
      row.append(mark(look, -10, 0, 4.6));
      column.append(upright ? mark(look, 0, -8, 4.6) : mark(look, 7, -7, 4.6));
    }
    for (const node of [row, column]) {
      node.addEventListener("pointermove", (event) => {
        linked.light([set]);
        tip(event.clientX, event.clientY, ...modelTip(agree, set));
      });
      node.addEventListener("pointerleave", () => (linked.light([]), untip()));
    }
    return { row, column };
  });
  return {
    node: s("g", { class: "names" }, ...made.flatMap(({ row, column }) => [row, column])),
    move(from, done) {
      made.forEach(({ row, column }, set) => {
        const at = from[set] + (spot[set] - from[set]) * done + 0.5;
        row.setAttribute("transform", `translate(${grid.left} ${yOf(grid, at).toFixed(1)})`);
        column.setAttribute("transform", `translate(${xOf(grid, at).toFixed(1)} ${grid.above - 5})`);
      });
    },
    light(sets) {
      made.forEach(({ row, column }, set) => {
        for (const node of [row, column]) node.classList.toggle("lit", sets.includes(set));
      });
    },
  };
}
