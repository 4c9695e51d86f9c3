// The cells of the matrix: elements with their numbers while they are few, one picture where they are many.
import { h, s } from "../core/dom.js";
import { short } from "../core/words.js";
import { pairOf, type Agree, type Measure } from "./data.js";
import { xOf, yOf, type Grid } from "./grid.js";
import { bytesAt, inks, isDark } from "./ramp.js";
import type { Key } from "./scalebar.js";
import { isChance, shareOf, type Settings } from "./tone.js";

/** More models than this are drawn as one picture. */
export const MOST = 20;

export interface Cells {
  node: SVGGElement;
  /** from one order to the next, as far as it is done */
  move(from: readonly number[], done: number): void;
  paint(dark: boolean): void;
}

export function drawCells(agree: Agree, measure: Measure, settings: Settings, key: Key, grid: Grid): Cells {
  return (grid.count <= MOST ? elements : picture)(agree, measure, settings, key, grid);
}

function elements(agree: Agree, measure: Measure, { colour }: Settings, key: Key, grid: Grid): Cells {
  const { cell, count, spot } = grid;
  const side = cell - (cell >= 18 ? 1.5 : 0.5);
  const made: { i: number; j: number; node: SVGGElement }[] = [];
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const node = s("g", {});
      made.push({ i, j, node });
      if (i === j) {
        node.append(s("rect", { class: "own", width: side, height: side, rx: 2 }));
        continue;
      }
      const pair = pairOf(agree, measure, i, j);
      const ink = inks(shareOf(pair, colour, key));
      node.append(s("rect", { class: "tone", width: side, height: side, rx: cell > 24 ? 3 : 1, ...ink }));
      if (cell >= 14 && isChance(pair)) node.append(s("path", { class: "chance", d: corner(side, Math.min(7, cell / 4)), ...ink }));
      if (cell < 27) continue;
      const middle = { x: side / 2, y: side / 2 + 4, "text-anchor": "middle" };
      node.append(s("text", { class: "value", ...middle, ...ink }, short(pair[colour])));
    }
  }
  return {
    node: s("g", { class: "cells" }, ...made.map(({ node }) => node)),
    move(from, done) {
      for (const { i, j, node } of made) {
        const x = xOf(grid, from[j] + (spot[j] - from[j]) * done);
        const y = yOf(grid, from[i] + (spot[i] - from[i]) * done);
        node.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
      }
    },
    paint: () => undefined, // the style sheet does
  };
}

// The lower right corner of a cell.
function corner(side: number, length: number): string {
  return `M${side} ${side - length}V${side}H${side - length}Z`;
}

function picture(agree: Agree, measure: Measure, { colour }: Settings, key: Key, grid: Grid): Cells {
  const { count, side, spot } = grid;
  const scale = 6; // so that no viewer of SVG blurs it much
  const image = s("image", {
    x: grid.left, y: grid.above, width: side, height: side, preserveAspectRatio: "none", style: "image-rendering: pixelated",
  }); // prettier-ignore
  const paint = (dark: boolean): void => {
    const canvas = h("canvas", { width: count * scale, height: count * scale });
    const context = canvas.getContext("2d")!;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        const share = i === j ? null : shareOf(pairOf(agree, measure, i, j), colour, key);
        const tone = share === null ? (dark ? [42, 44, 52] : [236, 236, 240]) : bytesAt(share, dark);
        context.fillStyle = `rgb(${tone.join()})`;
        context.fillRect(spot[j] * scale, spot[i] * scale, scale, scale);
      }
    }
    image.setAttribute("href", canvas.toDataURL());
  };
  return { node: s("g", { class: "cells" }, image), move: (_, done) => void (done === 1 && paint(isDark())), paint };
}
