// Where the rows and columns of the matrix are, in which order, and how they move to another one.
import { widthOf } from "../core/letters.js";
import type { Agree } from "./data.js";

export const FONT = 12;
/** Names that lean over narrower columns would stand on each other. */
const LEANING = 17;

export interface Grid {
  count: number;
  /** side of a cell, and of all of them */
  cell: number;
  side: number;
  /** upper left corner of the cells */
  left: number;
  above: number;
  width: number;
  height: number;
  /** room for the tree or the facts on the left */
  gutter: number;
  /** room for a name, and for the mark of its group */
  nameRoom: number;
  marked: number;
  narrow: boolean;
  /** whether the names over the columns stand upright, else they lean */
  upright: boolean;
  /** by set: which row and column is its own */
  spot: number[];
}

/** As large cells as fit; where too many are asked for, the drawing is wider than its room. */
export function gridOf(agree: Agree, room: number, bar: number): Grid {
  const count = agree.sets.length;
  const narrow = room < 560;
  const marked = agree.group ? 16 : 0;
  const longest = Math.max(...agree.sets.map((name) => widthOf(name, FONT)));
  const nameRoom = Math.min(narrow ? 84 : 168, longest + 2);
  const gutter = narrow ? 42 : 138;
  const left = gutter + nameRoom + marked + 10;
  const lean = (nameRoom + marked + 6) * 0.71 + 4; // to the right, beyond the last column
  const upright = narrow || (room - left - lean) / count < LEANING;
  const overhang = upright ? 4 : lean;
  const cell = Math.max(11, Math.min(56, Math.floor((room - left - overhang) / count)));
  const side = cell * count;
  const above = (upright ? nameRoom : nameRoom * 0.71 + 8) + marked + 6;
  return {
    count, cell, side, left, above, gutter, nameRoom, marked, narrow, upright,
    width: left + Math.max(side, 120) + overhang,
    height: above + side + bar,
    spot: new Array<number>(count).fill(0),
  }; // prettier-ignore
}

export function xOf(grid: Grid, at: number): number {
  return grid.left + at * grid.cell;
}

export function yOf(grid: Grid, at: number): number {
  return grid.above + at * grid.cell;
}

/** The middle of a set's row. */
export function middleOf(grid: Grid, set: number): number {
  return yOf(grid, grid.spot[set] + 0.5);
}

/** Run steps from 0 to 1, slow at both ends. */
export function glide(milliseconds: number, step: (done: number) => void): void {
  const begin = performance.now();
  const frame = (now: number): void => {
    const done = Math.min(1, Math.max(0, (now - begin) / milliseconds));
    step(done < 0.5 ? 4 * done ** 3 : 1 - (-2 * done + 2) ** 3 / 2);
    if (done < 1) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
