// The grid: rows of images that exist only near the window, in a box that scrolls both ways.
import { data, familyColour, sizeOf } from "../core/data.js";
import { h } from "../core/dom.js";
import { columnsOf, type Column } from "./images.js";
import { ahead } from "./prefetch.js";
import { drawRow, emptyRow, fill, type Cell, type Layout, type Row } from "./row.js";
import { look, set, SIZES } from "./state.js";

/** Windows of rows that are kept ready beside the one that is seen: in the direction of travel, and behind. */
const [AHEAD, BEHIND] = [1.5, 0.5];
/** Milliseconds of a frame for rows that are not seen yet. */
const BUDGET = 6;
const GAP = 8;
/** Rows in the direction of travel whose data is asked for. */
const FAR = 30;

export interface Grid {
  scroller: HTMLElement;
  /** show these images, from the top or where it is */
  show(images: number[], keep: boolean): void;
  /** draw everything anew: another method, another way of drawing */
  redraw(): void;
  /** what the pointer or the focus is on */
  cellOf(target: EventTarget | null): { row: Row; cell: Cell } | null;
  /** put the focus on a cell; false where there is none */
  focus(at: number, column: number, really?: boolean): boolean;
  images(): number[];
  columns(): Column[];
  /** images of the rows from those that are seen outwards */
  near(): number[];
}

export function makeGrid(): Grid {
  const heads = h("div", { class: "row heads", role: "row", "aria-rowindex": 1 });
  const rowsBox = h("div", { class: "rows", role: "rowgroup" });
  const table = h("div", { class: "grid", role: "grid", "aria-label": "Maps", "aria-describedby": "keys" }, h("div", { role: "rowgroup", class: "headgroup" }, heads), rowsBox);
  const scroller = h("div", { class: "frame", id: "frame" }, table);
  let images: number[] = [];
  let columns: Column[] = [];
  let layout: Layout = { head: 0, cell: 0, high: 0, photo: [0, 0], row: 1, gap: GAP, narrow: true };
  let pool: Row[] = [];
  let version = 0;
  let asked = 0;
  let focus: [number, number] = [0, 0];
  let marked = false;
  let before = 0;
  let down = true;

  function measure(): void {
    const width = scroller.clientWidth;
    const phone = innerWidth <= 736;
    const head = phone ? 92 : 148;
    const count = Math.max(1, columns.length);
    const aspect = middleAspect();
    const tall = Math.max(170, innerHeight * (count === 1 ? 0.42 : 0.31));
    const most = Math.min(360, tall * aspect);
    const least = phone ? 132 : 92;
    const room = Math.floor((width - head - GAP) / count - GAP);
    const size = [1, 1.6, 2.4][SIZES.indexOf(look().size)]!;
    const cell = Math.round(Math.min(size * Math.min(most, Math.max(least, room)), Math.max(most, 0.6 * innerHeight)));
    const high = Math.round(cell / aspect);
    const narrow = cell < 150;
    const row = Math.max(high + (narrow ? 38 : 22), 112) + 14;
    const photoHigh = Math.min(row - 14 - 58, Math.round((head - 12) / aspect));
    const photo: [number, number] = [Math.min(head - 12, Math.round(photoHigh * aspect)), photoHigh];
    const next: Layout = { head, cell, high, photo, row, gap: GAP, narrow };
    if (JSON.stringify(next) === JSON.stringify(layout)) return;
    const top = scroller.scrollTop / layout.row;
    layout = next;
    for (const [name, value] of Object.entries({ head, cell, high, row, gap: GAP, "photo-wide": photo[0], "photo-high": photo[1] })) {
      scroller.style.setProperty(`--${name}`, `${value}px`);
    }
    table.style.width = `${head + GAP + count * (cell + GAP)}px`;
    rowsBox.style.height = `${images.length * row}px`;
    scroller.scrollTop = top * row;
    version++;
    clear();
    tick();
  }

  function clear(): void {
    for (const row of pool) row.element.remove();
    pool = [];
  }

  function headings(): void {
    const byModel = look().columns === "models";
    const corner = h("div", { class: "corner", role: "columnheader", "aria-colindex": 1 }, byModel ? data.methods[look().method]!.label : data.models[look().model]!.label);
    heads.replaceChildren(corner, ...columns.map((column, at) => heading(column, at, byModel)));
  }

  function heading(column: Column, at: number, byModel: boolean): HTMLElement {
    const model = data.models[column.model]!;
    const name = byModel ? model.label : data.methods[column.method]!.label;
    const about = byModel ? [model.family, "choose to see all methods of this model"] : ["choose to see all models under this method"];
    const turn = (): void =>
      set(byModel ? { columns: "methods", model: column.model, pair: null, models: null } : { columns: "models", method: column.method });
    const mark = byModel && model.family ? h("i", { class: "family", "--mark": familyColour(column.model), "aria-hidden": "true" }) : null;
    return h(
      "div",
      { class: "heading", role: "columnheader", "aria-colindex": at + 2 },
      h("button", { type: "button", title: `${name}\n${about.filter(Boolean).join("\n")}`, onclick: turn }, mark, h("span", {}, name)),
    );
  }

  // Rows for the places from `first` to `last`, out of those that are elsewhere; one with the focus stays.
  function assign(first: number, last: number): void {
    const there = new Map<number, Row>();
    const free: Row[] = [];
    for (const row of pool) {
      const right = row.at >= 0 && row.at < images.length && row.image === images[row.at] && !there.has(row.at);
      const wanted = right && row.at >= first && row.at <= last;
      if (wanted || (right && row.element.contains(document.activeElement))) there.set(row.at, row);
      else free.push(row);
    }
    for (let at = first; at <= last; at++) {
      if (there.has(at)) continue;
      let row = free.pop();
      if (!row) {
        row = emptyRow(columns, layout);
        pool.push(row);
        rowsBox.append(row.element);
      }
      fill(row, at, images[at]!, layout);
      row.element.hidden = false;
      for (const [i, cell] of row.cells.entries()) cell.element.tabIndex = at === focus[0] && i === focus[1] ? 0 : -1;
    }
    for (const row of free) {
      row.element.hidden = true;
      row.at = row.image = -1;
    }
  }

  function seen(): [number, number] {
    const high = scroller.clientHeight - heads.offsetHeight;
    const first = Math.floor(scroller.scrollTop / layout.row);
    return [Math.max(0, first), Math.min(images.length - 1, Math.floor((scroller.scrollTop + high) / layout.row))];
  }

  function tick(): void {
    asked = 0;
    if (!images.length || !scroller.clientHeight) {
      for (const row of pool) row.element.hidden = true;
      return;
    }
    const [first, last] = seen();
    const seenRows = Math.max(1, last - first + 1);
    down = last === before ? down : last > before;
    const [above, below] = [down ? BEHIND : AHEAD, down ? AHEAD : BEHIND].map((windows) => Math.ceil(windows * seenRows)) as [number, number];
    assign(Math.max(0, first - above), Math.min(images.length - 1, last + below));
    const middle = (first + last) / 2;
    const rows = pool.filter((row) => row.image >= 0).sort((a, b) => Math.abs(a.at - middle) - Math.abs(b.at - middle));
    const style = look().style;
    const start = performance.now();
    const enough = (): boolean => performance.now() - start > BUDGET;
    let complete = true;
    for (const row of rows) {
      const isSeen = row.at >= first && row.at <= last;
      const done = drawRow(row, layout, style, version, schedule, isSeen ? () => false : enough);
      if (isSeen) complete &&= done === "all";
      if (done !== "stopped") continue;
      schedule();
      break;
    }
    const onward = down ? images.slice(last + 1, last + 1 + FAR) : images.slice(Math.max(0, first - FAR), first).reverse();
    if (marked) ahead(onward);
    before = last;
    if (complete && !marked) {
      marked = true;
      requestAnimationFrame(() => performance.mark("crosslight:overlays"));
    }
  }

  function schedule(): void {
    asked ||= requestAnimationFrame(tick);
  }

  scroller.addEventListener("scroll", schedule, { passive: true });
  new ResizeObserver(() => requestAnimationFrame(measure)).observe(scroller);

  return {
    scroller,
    show(rows, keep) {
      images = rows;
      const wanted = columnsOf(look());
      if (JSON.stringify(wanted) !== JSON.stringify(columns)) {
        columns = wanted;
        clear();
        layout = { ...layout, row: layout.row, cell: 0 };
      }
      headings();
      table.setAttribute("aria-rowcount", String(images.length + 1));
      table.setAttribute("aria-colcount", String(columns.length + 1));
      if (!keep) scroller.scrollTop = 0;
      focus = [Math.min(keep ? focus[0] : 0, Math.max(0, images.length - 1)), Math.min(focus[1], columns.length - 1)];
      for (const row of pool) row.image = -1;
      rowsBox.style.height = `${images.length * layout.row}px`;
      version++;
      measure();
      tick();
    },
    redraw() {
      version++;
      measure();
      schedule();
    },
    cellOf(target) {
      const element = target instanceof Element ? target.closest<HTMLElement>(".cell") : null;
      const row = element && pool.find((one) => one.element.contains(element));
      const cell = row?.cells.find((one) => one.element === element);
      return row && cell && row.image >= 0 ? { row, cell } : null;
    },
    focus(at, column, really = true) {
      if (at < 0 || at >= images.length || column < 0 || column >= columns.length) return false;
      for (const row of pool) for (const cell of row.cells) cell.element.tabIndex = -1;
      focus = [at, column];
      bring(at, column);
      tick();
      const element = pool.find((row) => row.at === at && row.image >= 0)?.cells[column]?.element;
      if (!element) return false;
      element.tabIndex = 0;
      if (really) element.focus({ preventScroll: true });
      return true;
    },
    images: () => images,
    columns: () => columns,
    near() {
      const [first, last] = seen();
      const middle = (first + last) / 2;
      return images.map((image, at) => ({ image, away: Math.abs(at - middle) })).sort((a, b) => a.away - b.away).map((one) => one.image);
    },
  };

  function bring(at: number, column: number): void {
    const high = scroller.clientHeight - heads.offsetHeight;
    const top = at * layout.row;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + layout.row > scroller.scrollTop + high) scroller.scrollTop = top + layout.row - high;
    const left = column * (layout.cell + GAP);
    const wide = scroller.clientWidth - layout.head - GAP;
    if (left < scroller.scrollLeft) scroller.scrollLeft = left;
    else if (left + layout.cell > scroller.scrollLeft + wide) scroller.scrollLeft = left + layout.cell - wide + GAP;
  }
}

// What most photographs are like: cells have this shape, and others stand in the middle of theirs.
function middleAspect(): number {
  const all = data.images.map((_, image) => sizeOf(image)).map(([w, h]) => w / h).sort((a, b) => a - b);
  return Math.min(1.5, Math.max(0.8, all[Math.floor(all.length / 2)] ?? 1));
}
