// Every pair of models as a cell, in an order that can be changed; beside it the dendrogram or the fact it is ordered by.
import { s, say } from "../core/dom.js";
import { tip, untip } from "../core/tip.js";
import { drawBeside } from "./beside.js";
import { drawCells, MOST } from "./cells.js";
import { pairOf, pairsOf, type Agree, type Measure } from "./data.js";
import { glide, gridOf, xOf, yOf, type Grid } from "./grid.js";
import { drawHeadings } from "./headings.js";
import type { Drawing, Linked } from "./linked.js";
import type { Order } from "./order.js";
import { isDark } from "./ramp.js";
import { drawBar } from "./scalebar.js";
import { keyOf, wordsOf, type Settings } from "./tone.js";
import { modelTip, pairSentence, pairTip } from "./words.js";

/** Room for the colours' key. */
const BAR = 78;

export interface Matrix extends Drawing {
  svg: SVGSVGElement;
  /** the drawing in the colours of paper, until the next one */
  forPaper(): SVGSVGElement;
  /** move to another order */
  arrange(order: Order): void;
}

export function drawMatrix(
  agree: Agree,
  measure: Measure,
  settings: Settings,
  first: Order,
  room: number,
  linked: Linked,
): Matrix {
  let order = first;
  const grid = gridOf(agree, room, BAR);
  const { count, cell, left, above, side, width, height, spot } = grid;
  const setSpots = (): void => order.sets.forEach((set, at) => (spot[set] = at));
  setSpots();

  const svg = s("svg", { class: "drawing matrix", width, height, viewBox: `0 0 ${width} ${height}` });
  const key = keyOf(agree, measure, settings);
  const cells = drawCells(agree, measure, settings, key, grid);
  const headings = drawHeadings(agree, grid, linked);
  const besides = s("g", {});
  const bands = s("g", { class: "bands" });
  const cursor = { i: 0, j: Math.min(1, count - 1) };
  // One cell for the keyboard: it is where the arrows bring it
  const rect = s("rect", { class: "cursor", role: "gridcell", tabindex: 0, width: cell + 1, height: cell + 1, rx: 3 });
  const row = s("g", { role: "row" }, rect);
  const label = `Matrix of the ${wordsOf(settings.colour, measure)} of every two models under ${agree.label}; arrow keys move, Enter opens the pictures of a pair`;
  const table = s("g", { role: "grid", "aria-label": label, "aria-rowcount": count, "aria-colcount": count }, row);
  svg.append(besides, cells.node, headings.node, bands, table, drawBar(left, above + side + 30, Math.max(side, 120), key));
  let beside = drawBeside(agree, order, grid, linked);
  settle();

  function settle(): void {
    cells.move(spot, 1);
    headings.move(spot, 1);
    placeCursor();
    showBeside();
  }

  function showBeside(): void {
    beside = drawBeside(agree, order, grid, linked);
    besides.replaceChildren(beside.node);
    besides.style.opacity = "1";
  }

  function placeCursor(): void {
    const { i, j } = cursor;
    const [a, b] = [order.sets[i], order.sets[j]];
    rect.setAttribute("x", String(xOf(grid, j) - 1));
    rect.setAttribute("y", String(yOf(grid, i) - 1));
    row.setAttribute("aria-rowindex", String(i + 1));
    rect.setAttribute("aria-colindex", String(j + 1));
    rect.setAttribute("aria-label", a === b ? agree.sets[a] : pairSentence(agree, measure, pairOf(agree, measure, a, b)));
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
    const i = Math.floor(((event.clientY - box.top) * zoom + svg.viewBox.baseVal.y - above) / cell); // a legend stands above 0
    return i >= 0 && j >= 0 && i < count && j < count ? [i, j] : null;
  }

  function choose(): void {
    const [a, b] = [order.sets[cursor.i], order.sets[cursor.j]];
    if (a !== b && pairOf(agree, measure, a, b).mean !== null) linked.open(a, b);
  }

  function pointAtCursor(): void {
    const box = rect.getBoundingClientRect();
    point(cursor.i, cursor.j, box.right - 8, box.bottom - 8);
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
    rect.focus({ preventScroll: true }); // so that it comes back here when the drawer is closed
    choose();
  });
  rect.addEventListener("focus", () => rect.matches(":focus-visible") && pointAtCursor());
  rect.addEventListener("blur", leave);
  rect.addEventListener("keydown", (event) => {
    const step: Record<string, [number, number]> = {
      ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -count], End: [0, count],
    }; // prettier-ignore
    if (event.key === "Enter" || event.key === " ") choose();
    else if (event.key in step) {
      const [down, across] = step[event.key];
      cursor.i = Math.min(count - 1, Math.max(0, cursor.i + down));
      cursor.j = Math.min(count - 1, Math.max(0, cursor.j + across));
      placeCursor();
      pointAtCursor();
      say(rect.getAttribute("aria-label")!);
    } else return;
    event.preventDefault();
  });

  return {
    node: svg,
    svg,
    forPaper() {
      cells.paint(false);
      queueMicrotask(() => cells.paint(isDark())); // it is copied at once
      return svg;
    },
    arrange(next) {
      const from = [...spot];
      order = next;
      setSpots();
      if (count > MOST || matchMedia("(prefers-reduced-motion: reduce)").matches) return settle();
      placeCursor();
      besides.style.opacity = "0";
      glide(520, (done) => {
        cells.move(from, done);
        headings.move(from, done);
        if (done === 1) showBeside();
      });
    },
    light(sets) {
      svg.classList.toggle("picking", sets.length > 0);
      headings.light(sets);
      bands.replaceChildren(...bandsOf(sets, grid));
      beside.light(sets);
    },
  };
}

// A model has its row and its column, a pair the row of one and the column of the other, a branch its own square.
function bandsOf(sets: readonly number[], grid: Grid): Element[] {
  const { cell, count } = grid;
  const at = sets.map((set) => grid.spot[set]);
  const box = (x: number, y: number, wide: number, tall: number): Element =>
    s("rect", { class: "band", x: xOf(grid, x) - 1.5, y: yOf(grid, y) - 1.5, width: wide * cell + 1.5, height: tall * cell + 1.5, rx: 3 });
  if (at.length === 1) return [box(0, at[0], count, 1), box(at[0], 0, 1, count)];
  if (at.length === 2) {
    const own = { x: xOf(grid, at[1]) - 1, y: yOf(grid, at[0]) - 1, width: cell + 0.5, height: cell + 0.5, rx: 3 };
    return [box(0, at[0], count, 1), box(at[1], 0, 1, count), s("rect", { class: "at", ...own })];
  }
  const [low, high] = [Math.min(...at), Math.max(...at)];
  return at.length && high - low + 1 === at.length ? [box(low, low, at.length, at.length)] : [];
}

/** All pairs with all that is known of them. */
export function pairsTable(agree: Agree, measure: Measure): (string | number | null)[][] {
  return [
    ["model", "other model", "relation", "measure", "mean", "low", "high", "sd", "median", "images", "chance floor",
     "ceiling", "above floor", "calibrated"],
    ...pairsOf(agree, measure).map((p) => [
      agree.sets[p.a], agree.sets[p.b], p.relation?.[1] ?? "", measure.label, p.mean, p.low, p.high, p.sd, p.median,
      p.n, p.floor, p.ceiling, p.above, p.calibrated,
    ]),
  ]; // prettier-ignore
}
