// To the left of the matrix: the dendrogram, or what the models are put in order by.
import { s } from "../core/dom.js";
import { clipped } from "../core/letters.js";
import type { Agree } from "./data.js";
import { middleOf, type Grid } from "./grid.js";
import type { Drawing, Linked } from "./linked.js";
import type { Order } from "./order.js";
import { drawTree } from "./tree.js";
import { factText } from "./words.js";

export function drawBeside(agree: Agree, order: Order, grid: Grid, linked: Linked): Drawing {
  if (order.key === "tree" && agree.tree) {
    return drawTree(agree, agree.tree, grid.gutter, grid.above + grid.side, (set) => middleOf(grid, set), linked);
  }
  const node = s("g", { class: "facts" });
  if (order.values) node.append(...facts(agree, order, order.values, grid));
  return { node, light: () => undefined };
}

function facts(agree: Agree, order: Order, values: (number | string | null)[], grid: Grid): Element[] {
  const { cell, gutter, narrow } = grid;
  const right = gutter - 6;
  const most = Math.max(...values.map((value) => (typeof value === "number" ? value : 0)), 1e-9);
  const head = s("text", { class: "axis-title", x: right, y: grid.above - 8, "text-anchor": "end" }, clipped(order.label, right, 12));
  const tall = Math.min(10, (2 * cell) / 3);
  const rows = agree.sets.flatMap((_, set) => {
    const value = values[set];
    const y = middleOf(grid, set);
    const length = typeof value === "number" ? ((gutter - (narrow ? 8 : 64)) * value) / most : 0;
    const bar = s("rect", { class: "fact", x: right - length, y: y - tall / 2, width: length, height: tall, rx: 2 });
    if (narrow || cell < 12) return [bar];
    return [bar, s("text", { class: "tick", x: right - length - 6, y: y + 4, "text-anchor": "end" }, factText(order.key, value))];
  });
  return narrow ? rows : [head, ...rows];
}
