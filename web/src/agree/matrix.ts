// Every pair of models as a cell, in an order that can be changed; beside it the dendrogram or the fact it is ordered by.
import { h, s, say } from "../core/dom.js";
import { tip, untip } from "../core/tip.js";
import { pairOf, pairsOf, type Agree, type Measure, type Pair } from "./data.js";
import { clipped, short, widthOf } from "./letters.js";
import type { Drawing, Linked } from "./linked.js";
import { lookOf, mark } from "./marks.js";
import type { Order } from "./order.js";
import { bytesAt, inks, isDark } from "./ramp.js";
import { drawBar, type Key } from "./scalebar.js";
import { drawTree } from "./tree.js";
import { factText, modelTip, pairSentence, pairTip } from "./words.js";

export type Colour = "mean" | "above" | "calibrated";

export interface Settings {
  order: string;
  measure: string;
  colour: Colour;
  /** whether colours span the values that are there, rather than floor to identical maps */
  stretched: boolean;
}

/** More models than this are drawn as one picture, without an element for each cell. */
export const MOST = 20;
const FONT = 12;

export interface Matrix extends Drawing {
  svg: SVGSVGElement;
  /** the drawing in the colours of paper, until the next one */
  forPaper(): SVGSVGElement;
  /** move to another order */
  arrange(order: Order): void;
  /** let the keyboard's cell be the one with the focus again */
  focus(): void;
}

interface Cells {
  /** from one order to the next, as far as it is done */
  move(from: number[], done: number): void;
  paint(dark: boolean): void;
}

export function drawMatrix(
  agree: Agree,
  measure: Measure,
  settings: Settings,
  first: Order,
  room: number,
  linked: Linked,
): Matrix {
  const count = agree.sets.length;
  let order = first;
  const spot = new Array<number>(count);
  const setSpots = (): void => order.sets.forEach((set, at) => (spot[set] = at));
  setSpots();

  // Room for names, the tree and the cells
  const narrow = room < 560;
  const marked = agree.group ? 16 : 0;
  const nameRoom = Math.min(narrow ? 92 : 168, Math.max(...agree.sets.map((name) => widthOf(name, FONT))) + 2);
  const gutter = narrow ? 52 : 138;
  const left = gutter + nameRoom + marked + 10;
  const slanted = !narrow;
  const overhang = slanted ? Math.max(12, nameRoom * 0.71 - 6) : 4;
  const cell = Math.max(11, Math.min(46, Math.floor((room - left - overhang) / count)));
  const side = cell * count;
  const above = (slanted ? nameRoom * 0.71 + 8 : nameRoom) + marked + 6;
  const below = 74;
  const width = left + side + overhang;
  const height = above + side + below;

  const svg = s("svg", { class: "drawing matrix", width, height, viewBox: `0 0 ${width} ${height}` });
  const sideGroup = s("g", {});
  const cells = s("g", { class: "cells" });
  const names = s("g", { class: "names" });
  const frame = s("g", { class: "frame" });
  const middle = (set: number): number => above + (spot[set] + 0.5) * cell;
  const places = { x: (at: number): number => left + at * cell, y: (at: number): number => above + at * cell };

  const key = keyOf(agree, measure, settings);
  const share = (pair: Pair): number | null => {
    const value = pair[settings.colour];
    return value === null ? null : Math.min(1, Math.max(0, (value - key.low) / (key.high - key.low || 1)));
  };
  const painter = count <= MOST ? elements() : picture();
  const rows = agree.sets.map((name, set) => nameOf(name, set));
  const cursor = cursorOf();
  svg.append(sideGroup, cells, names, frame, drawBar(left, above + side + 28, Math.max(side, 120), key));
  let tree: Drawing | null = null;
  arrangeAll(order);

  // Cells as elements, each with its number where that fits
  function elements(): Cells {
    const made: { i: number; j: number; node: SVGGElement }[] = [];
    const gap = cell >= 18 ? 1.5 : 0.5;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        const node = s("g", {});
        if (i === j) {
          node.append(s("rect", { class: "own", width: cell - gap, height: cell - gap, rx: 2 }));
        } else {
          const pair = pairOf(agree, measure, i, j);
          const value = pair[settings.colour];
          const ink = inks(share(pair));
          node.append(s("rect", { class: "tone", width: cell - gap, height: cell - gap, rx: cell > 24 ? 3 : 1, ...ink }));
          if (cell >= 27) node.append(s("text", { class: "value", x: (cell - gap) / 2, y: (cell - gap) / 2 + 4, "text-anchor": "middle", ...ink }, short(value))); // prettier-ignore
        }
        made.push({ i, j, node });
        cells.append(node);
      }
    }
    return {
      move(from, done) {
        for (const { i, j, node } of made) {
          const x = places.x(from[j] + (spot[j] - from[j]) * done);
          const y = places.y(from[i] + (spot[i] - from[i]) * done);
          node.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
        }
      },
      paint: () => undefined,
    };
  }

  // Many cells as one picture
  function picture(): Cells {
    const image = s("image", { x: left, y: above, width: side, height: side, preserveAspectRatio: "none", style: "image-rendering: pixelated" });
    cells.append(image);
    const paint = (dark: boolean): void => image.setAttribute("href", pictureOf(dark));
    return { move: (_, done) => void (done === 1 && paint(isDark())), paint };
  }

  function pictureOf(dark: boolean): string {
    const scale = 6; // so that no viewer blurs it much
    const canvas = h("canvas", { width: count * scale, height: count * scale });
    const context = canvas.getContext("2d")!;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        const own = i === j ? null : share(pairOf(agree, measure, i, j));
        const tone = own === null ? (dark ? [42, 44, 52] : [236, 236, 240]) : bytesAt(own, dark);
        context.fillStyle = `rgb(${tone.join()})`;
        context.fillRect(spot[j] * scale, spot[i] * scale, scale, scale);
      }
    }
    return canvas.toDataURL();
  }

  function nameOf(name: string, set: number): { row: SVGGElement; column: SVGGElement } {
    const look = agree.group ? lookOf(agree.group[set]) : null;
    const text = clipped(name, nameRoom, FONT);
    const row = s("g", { class: "name" }, s("text", { x: -8 - marked, y: 4, "text-anchor": "end" }, text));
    const turn = slanted ? -45 : -90;
    const column = s(
      "g",
      { class: "name" },
      s("text", { x: marked + (slanted ? 4 : 2), y: 4, transform: `rotate(${turn})` }, text),
    );
    if (look) {
      row.append(mark(look, -10, 0, 4.6));
      const out = mark(look, 0, 0, 4.6);
      out.setAttribute("transform", slanted ? "translate(7 -7)" : "translate(0 -8)");
      column.append(out);
    }
    if (cell < 12) column.querySelector("text")!.classList.add("tight");
    for (const node of [row, column]) {
      node.addEventListener("pointermove", (event) => {
        linked.light([set]);
        tip(event.clientX, event.clientY, ...modelTip(agree, set));
      });
      node.addEventListener("pointerleave", leave);
    }
    names.append(row, column);
    return { row, column };
  }

  function moveNames(from: number[], done: number): void {
    rows.forEach(({ row, column }, set) => {
      const at = from[set] + (spot[set] - from[set]) * done;
      row.setAttribute("transform", `translate(${left} ${(above + (at + 0.5) * cell).toFixed(1)})`);
      column.setAttribute("transform", `translate(${(left + (at + 0.5) * cell).toFixed(1)} ${above - 5})`);
    });
  }

  // One cell for the keyboard, which is where the arrows bring it
  function cursorOf(): { i: number; j: number; rect: SVGRectElement; row: SVGGElement } {
    const rect = s("rect", { class: "cursor", role: "gridcell", tabindex: 0, width: cell + 1, height: cell + 1, rx: 3 });
    const row = s("g", { role: "row" }, rect);
    const grid = s(
      "g",
      { role: "grid", "aria-label": `Matrix of the ${words(settings.colour, measure)} of every two models under ${agree.label}; arrow keys move, Enter opens the pictures of a pair`, "aria-rowcount": count, "aria-colcount": count },
      row,
    ); // prettier-ignore
    frame.append(s("g", { class: "bands" }), grid);
    return { i: 0, j: Math.min(1, count - 1), rect, row };
  }

  function placeCursor(): void {
    const { rect, row, i, j } = cursor;
    rect.setAttribute("x", String(places.x(j) - 1));
    rect.setAttribute("y", String(places.y(i) - 1));
    row.setAttribute("aria-rowindex", String(i + 1));
    rect.setAttribute("aria-colindex", String(j + 1));
    rect.setAttribute("aria-label", sentence(order.sets[i], order.sets[j]));
  }

  function sentence(a: number, b: number): string {
    return a === b ? agree.sets[a] : pairSentence(agree, measure, pairOf(agree, measure, a, b));
  }

  function point(i: number, j: number, x: number, y: number): void {
    const [a, b] = [order.sets[i], order.sets[j]];
    linked.light(a === b ? [a] : [a, b]);
    tip(x, y, ...(a === b ? modelTip(agree, a) : pairTip(agree, measure, pairOf(agree, measure, a, b))));
  }

  function leave(): void {
    linked.light([]);
    untip();
  }

  function cellAt(event: MouseEvent): [number, number] | null {
    const box = svg.getBoundingClientRect();
    const zoom = width / box.width;
    const j = Math.floor(((event.clientX - box.left) * zoom - left) / cell);
    const i = Math.floor(((event.clientY - box.top) * zoom - above) / cell);
    return i >= 0 && j >= 0 && i < count && j < count ? [i, j] : null;
  }

  svg.addEventListener("pointermove", (event) => {
    const found = cellAt(event);
    if (found) point(...found, event.clientX, event.clientY);
    else if (!(event.target as Element).closest(".name, .hit")) leave();
    svg.classList.toggle("over", found !== null && found[0] !== found[1]);
  });
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("click", (event) => {
    const found = cellAt(event);
    if (!found) return;
    [cursor.i, cursor.j] = found;
    placeCursor();
    choose();
  });

  function choose(): void {
    const [a, b] = [order.sets[cursor.i], order.sets[cursor.j]];
    if (a !== b && pairOf(agree, measure, a, b).mean !== null) linked.open(a, b);
  }

  function atCursor(): void {
    const box = cursor.rect.getBoundingClientRect();
    point(cursor.i, cursor.j, box.right - 8, box.bottom - 8);
  }

  cursor.rect.addEventListener("focus", () => cursor.rect.matches(":focus-visible") && atCursor());
  cursor.rect.addEventListener("blur", leave);
  cursor.rect.addEventListener("keydown", (event) => {
    const step: Record<string, [number, number]> = {
      ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -count], End: [0, count],
    }; // prettier-ignore
    if (event.key === "Enter" || event.key === " ") choose();
    else if (event.key in step) {
      const [down, across] = step[event.key];
      cursor.i = Math.min(count - 1, Math.max(0, cursor.i + down));
      cursor.j = Math.min(count - 1, Math.max(0, cursor.j + across));
      placeCursor();
      atCursor();
      say(cursor.rect.getAttribute("aria-label")!);
    } else return;
    event.preventDefault();
  });

  function drawSide(): void {
    tree = null;
    sideGroup.replaceChildren();
    sideGroup.style.opacity = "1";
    if (order.key === "tree" && agree.tree) {
      tree = drawTree(agree, agree.tree, gutter, above + side, middle, linked);
      sideGroup.append(tree.node);
    } else if (order.values) {
      sideGroup.append(...facts(order));
    }
  }

  function facts(of: Order): Element[] {
    const values = of.values!;
    const most = Math.max(...values.map((value) => (typeof value === "number" ? value : 0)), 1e-9);
    const made: Element[] = [s("text", { class: "axis-title", x: gutter - 6, y: above - 8, "text-anchor": "end" }, clipped(of.label, gutter - 8, 12))];
    agree.sets.forEach((_, set) => {
      const value = values[set];
      const length = typeof value === "number" ? ((gutter - (narrow ? 8 : 64)) * value) / most : 0;
      made.push(s("rect", { class: "fact", x: gutter - 6 - length, y: middle(set) - Math.min(5, cell / 3), width: length, height: Math.min(10, (2 * cell) / 3), rx: 2 })); // prettier-ignore
      if (!narrow && cell >= 12) made.push(s("text", { class: "tick", x: gutter - 12 - length, y: middle(set) + 4, "text-anchor": "end" }, factText(of.key, value))); // prettier-ignore
    });
    return made;
  }

  function arrangeAll(next: Order): void {
    order = next;
    setSpots();
    painter.move(spot, 1);
    moveNames(spot, 1);
    drawSide();
    placeCursor();
  }

  return {
    node: svg,
    svg,
    arrange(next) {
      if (count > MOST || matchMedia("(prefers-reduced-motion: reduce)").matches) return arrangeAll(next);
      const from = [...spot];
      order = next;
      setSpots();
      placeCursor();
      sideGroup.style.opacity = "0";
      glide(520, (done) => {
        painter.move(from, done);
        moveNames(from, done);
        if (done === 1) drawSide();
      });
    },
    forPaper() {
      painter.paint(false);
      queueMicrotask(() => painter.paint(isDark())); // it is copied at once
      return svg;
    },
    focus: () => cursor.rect.focus(),
    light(sets) {
      svg.classList.toggle("picking", sets.length > 0);
      rows.forEach(({ row, column }, set) => {
        for (const node of [row, column]) node.classList.toggle("lit", sets.includes(set));
      });
      frame.querySelector(".bands")!.replaceChildren(...bands(sets));
      tree?.light(sets);
    },
  };

  // A model has its row and its column, a pair the row of one and the column of the other, a branch its own square
  function bands(sets: readonly number[]): Element[] {
    if (!sets.length) return [];
    const at = sets.map((set) => spot[set]);
    const box = (x: number, y: number, w: number, tall: number): Element =>
      s("rect", { class: "band", x: left + x * cell - 1.5, y: above + y * cell - 1.5, width: w * cell + 1.5, height: tall * cell + 1.5, rx: 3 });
    if (sets.length === 1) return [box(0, at[0], count, 1), box(at[0], 0, 1, count)];
    if (sets.length === 2) {
      return [box(0, at[0], count, 1), box(at[1], 0, 1, count), s("rect", { class: "at", x: left + at[1] * cell - 1, y: above + at[0] * cell - 1, width: cell + 0.5, height: cell + 0.5, rx: 3 })]; // prettier-ignore
    }
    const [low, high] = [Math.min(...at), Math.max(...at)];
    return high - low + 1 === sets.length ? [box(low, low, high - low + 1, high - low + 1)] : [];
  }
}

/** What a colour stands for. */
export function words(colour: Colour, measure: Measure): string {
  if (colour === "mean") return `mean ${measure.label}`;
  return colour === "above" ? `mean ${measure.label} less chance floor` : "similarity between chance (0) and ceiling (1)";
}

function keyOf(agree: Agree, measure: Measure, settings: Settings): Key {
  const pairs = pairsOf(agree, measure);
  const known = (name: "mean" | "floor" | "ceiling" | "above" | "calibrated"): number[] =>
    pairs.map((pair) => pair[name]).filter((value): value is number => value !== null);
  const span = (values: number[]): [number, number] | null => (values.length ? [Math.min(...values), Math.max(...values)] : null);
  const shown = span(known(settings.colour)) ?? [0, 1];
  const floors = known("floor");
  const floor = floors.length ? floors.reduce((a, b) => a + b) / floors.length : null;
  const title = words(settings.colour, measure) + (settings.stretched ? ", over the values shown" : "");
  if (settings.colour === "mean") {
    const whole: [number, number] = [floor ?? Math.min(0, shown[0]), measure.identical ?? shown[1]];
    const [low, high] = settings.stretched ? shown : whole;
    return { low, high: Math.max(high, low + 0.02), title, floor: span(floors), ceiling: span(known("ceiling")) };
  }
  const [low, high] = settings.stretched ? shown : [0, settings.colour === "calibrated" ? 1 : Math.max(0.1, (measure.identical ?? 1) - (floor ?? 0))];
  return { low, high: Math.max(high, low + 0.02), title, floor: [0, 0], ceiling: settings.colour === "calibrated" ? [1, 1] : null };
}

// Slow at both ends.
function glide(milliseconds: number, step: (done: number) => void): void {
  const begin = performance.now();
  const frame = (now: number): void => {
    const done = Math.min(1, Math.max(0, (now - begin) / milliseconds));
    step(done < 0.5 ? 4 * done ** 3 : 1 - (-2 * done + 2) ** 3 / 2);
    if (done < 1) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** All pairs with all that is known of them. */
export function pairsTable(agree: Agree, measure: Measure): (string | number | null)[][] {
  return [
    ["model", "other model", "relation", "measure", "mean", "low", "high", "sd", "median", "images", "chance floor", "ceiling", "above floor", "calibrated"],
    ...pairsOf(agree, measure).map((p) => [agree.sets[p.a], agree.sets[p.b], p.relation?.[1] ?? "", measure.label, p.mean, p.low, p.high, p.sd, p.median, p.n, p.floor, p.ceiling, p.above, p.calibrated]),
  ]; // prettier-ignore
}
