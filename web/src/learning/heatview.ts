// The heat map with its heads and its scroll bar: what the pointer and the keyboard do there.
import { h, say } from "../core/dom.js";
import { tip, untip } from "../core/tip.js";
import { frameOf, type Frame } from "./frame.js";
import { paintAbove, paintBelow, type Window } from "./heatpaint.js";
import type { About } from "./measures.js";
import type { Acts, Shown } from "./shown.js";
import { withinOf } from "./state.js";
import { className, MISSING } from "./data.js";
import { imageText, valueText } from "./words.js";

/** Pixels for a row, by steps of the zoom; 0 for all rows at once. */
export const ZOOMS = [0, 2, 6, 16, 34] as const;

export interface HeatView {
  element: HTMLElement;
  /** draw anew; `frame` is what the curves above share */
  update(shown: Shown): Frame;
  /** the same rows at another epoch */
  look(shown: Shown): void;
  /** what is pointed at, here or elsewhere */
  point(at: number, image: number | null): void;
  /** where the rows are that are in sight, for tests and for the keyboard */
  scrollTo(row: number): void;
}

export function makeHeat(acts: Acts): HeatView {
  const below = h("canvas", { class: "heat-below", "aria-hidden": "true" });
  const above = h("canvas", { class: "heat-above", "aria-hidden": "true" });
  const stack = h("div", { class: "heat-stack" }, below, above);
  const space = h("div", { class: "heat-space" });
  const scroll = h("div", { class: "heat-scroll", tabindex: 0, role: "application", "aria-roledescription": "heat map" }, stack, space);
  const heads = h("div", { class: "heat-heads" });
  const element = h("div", { class: "heat" }, heads, scroll);
  let shown: Shown | null = null;
  let frame: Frame = frameOf(600, [], "", false, 0);
  let view: Window = { height: 1, perRow: 1, first: 0 };
  let [at, row] = [0, null as number | null];
  let drag: { from: number; to: number; y: number } | null = null;
  let waiting = 0;
  let before = "null";

  function window_(now: Shown): Window {
    const height = scroll.clientHeight;
    const rows = Math.max(1, now.rows.order.length);
    const whole = Math.min(34, height / rows);
    const perRow = Math.max(whole, ZOOMS[now.state.zoom] ?? 0);
    space.style.height = `${Math.max(0, rows * perRow - height)}px`;
    return { height, perRow, first: perRow > whole ? scroll.scrollTop / perRow : 0 };
  }

  function repaint(): void {
    waiting = 0;
    if (!shown) return;
    view = window_(shown);
    paintBelow(below, shown, frame, view, later);
    paintAbove(above, shown, frame, view, at, row);
  }

  function later(): void {
    if (!waiting) waiting = requestAnimationFrame(repaint);
  }

  function rowAt(event: PointerEvent): number | null {
    const y = event.clientY - below.getBoundingClientRect().top;
    const found = Math.floor(view.first + y / view.perRow);
    return shown && found >= 0 && found < shown.rows.order.length ? found : null;
  }

  function placeAt(event: PointerEvent): number | null {
    const x = event.clientX - below.getBoundingClientRect().left;
    if (!shown || x < frame.x0 || x >= frame.x1) return null;
    const [from, to] = shown.range;
    return from + Math.floor(((x - frame.x0) / (frame.x1 - frame.x0)) * (to - from + 1));
  }

  function tell(event: PointerEvent, place: number | null): void {
    if (!shown || row === null) return untip();
    const image = shown.rows.order[row];
    const { run, measures } = shown;
    const truth = run.labels[image];
    const epoch = place ?? shown.at;
    const said = run.predictions[epoch]?.[image] ?? MISSING;
    const mark = truth === MISSING || said === MISSING ? "" : said === truth ? " ✓" : " ✗";
    tip(
      event.clientX,
      event.clientY,
      h("b", {}, run.ids[image]),
      truth === MISSING ? null : `is ${className(run, truth)}`,
      `epoch ${run.epochs[epoch]}: ${said === MISSING ? "not recorded" : className(run, said)}${mark}`,
      ...shown.about.map((about) => `${about.title} ${valueText(about, measures[about.name][image])}`),
    );
  }

  scroll.addEventListener("scroll", later, { passive: true });
  scroll.addEventListener("pointermove", (event) => {
    const place = placeAt(event);
    row = rowAt(event);
    if (drag && row !== null) {
      drag.to = row;
      if (Math.abs(event.clientY - drag.y) > 4) tip(event.clientX, event.clientY, `${Math.abs(drag.to - drag.from) + 1} rows`);
      paintBrush();
      return;
    }
    acts.point(place);
    acts.light(row === null || !shown ? null : shown.rows.order[row]);
    tell(event, place);
  });
  scroll.addEventListener("pointerleave", () => {
    if (drag) return;
    row = null;
    acts.point(null);
    acts.light(null);
    untip();
  });
  scroll.addEventListener("pointerdown", (event) => {
    const found = rowAt(event);
    if (event.button || found === null || event.clientX - below.getBoundingClientRect().left > frame.width || event.pointerType === "touch") return;
    drag = { from: found, to: found, y: event.clientY };
    scroll.setPointerCapture(event.pointerId);
  });
  scroll.addEventListener("pointerup", (event) => {
    if (!drag || !shown) return;
    const [first, last] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    const moved = Math.abs(event.clientY - drag.y) > 4;
    drag = null;
    untip();
    if (moved) brush(first, last);
    else choose(event);
  });
  scroll.addEventListener("click", (event) => {
    if ((event as PointerEvent).pointerType === "touch") choose(event as PointerEvent);
  });

  function choose(event: PointerEvent): void {
    const [found, place] = [rowAt(event), placeAt(event)];
    if (!shown || found === null) return;
    acts.change({ open: shown.rows.order[found], ...(place === null ? {} : { at: shown.run.epochs[place] }) });
  }

  function brush(first: number, last: number): void {
    if (!shown) return;
    if (shown.state.only) return say("Show all rows before picking others out");
    acts.pick({ kind: "rows", first, last, within: withinOf(shown.state) });
  }

  function paintBrush(): void {
    if (!drag || !shown) return;
    const [first, last] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    paintAbove(above, shown, frame, view, at, null);
    const context = above.getContext("2d")!;
    const density = above.width / frame.width;
    context.fillStyle = "rgb(120 100 220 / .3)";
    context.fillRect(frame.band * density, (first - view.first) * view.perRow * density, (frame.width - frame.band) * density, (last - first + 1) * view.perRow * density);
  }

  function scrollToRow(to: number): void {
    const top = to * view.perRow;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (top + view.perRow > scroll.scrollTop + view.height) scroll.scrollTop = top + view.perRow - view.height;
  }

  let anchor: number | null = null;
  scroll.addEventListener("keydown", (event) => {
    if (!shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = shown.rows.order.length;
    const page = Math.max(1, Math.floor(view.height / view.perRow));
    const single = Math.max(1, Math.round(1 / view.perRow));
    const down: Record<string, number> = { ArrowDown: single, ArrowUp: -single, PageDown: page, PageUp: -page, Home: -rows, End: rows };
    const across: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };
    if (event.key in across) {
      const [from, to] = shown.range;
      const next = Math.max(from, Math.min(to, shown.at + across[event.key]));
      acts.change({ at: shown.run.epochs[next] });
      say(`Epoch ${shown.run.epochs[next]}`);
    } else if (event.key in down && rows) {
      if (event.shiftKey && anchor === null) anchor = row ?? 0;
      row = Math.max(0, Math.min(rows - 1, row === null ? 0 : row + down[event.key]));
      scrollToRow(row);
      const image = shown.rows.order[row];
      acts.light(image);
      if (event.shiftKey) brush(Math.min(anchor!, row), Math.max(anchor!, row));
      else anchor = null;
      say(`Row ${row + 1} of ${rows}. ${imageText(shown.run, image, shown.at)}`);
    } else if (event.key === "Enter" && row !== null) acts.change({ open: shown.rows.order[row] });
    else if (event.key === "Escape" && shown.state.pick) acts.pick(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function head(about: About, i: number): HTMLElement {
    const now = shown!.state;
    const sorts = now.sort === about.name;
    const button = h(
      "button",
      {
        type: "button", class: "sort bar-head", title: about.words, "data-sort": about.name,
        onclick: () => acts.change({ sort: about.name, down: sorts ? !now.down : true }),
      },
      h("span", {}, about.title),
      h("span", { class: "sort-mark", "aria-hidden": "true" }),
    ); // prettier-ignore
    button.style.left = `${frame.bar + i * frame.step}px`;
    button.style.width = `${frame.step - 10}px`;
    if (sorts) button.setAttribute("aria-label", `${about.title}, sorted ${now.down ? "from high to low" : "from low to high"}`);
    button.dataset["sorted"] = sorts ? (now.down ? "down" : "up") : "";
    return button;
  }

  return {
    element,
    update(next) {
      shown = next;
      const zoom = Math.max(ZOOMS[next.state.zoom] ?? 0, Math.min(34, scroll.clientHeight / Math.max(1, next.rows.order.length)));
      const side = next.run.head.pictures && zoom >= 16 ? Math.min(zoom - 1, 33) : 0;
      frame = frameOf(scroll.clientWidth, next.about, next.state.sort, next.rows.blocks.length > 0, side);
      heads.replaceChildren(...frame.bars.map(head));
      const rows = next.rows.order.length;
      const pick = JSON.stringify(next.state.pick);
      if (pick !== before && next.picked.length && !next.state.only) {
        view = window_(next);
        scrollToRow(next.rows.order.indexOf(next.picked[0]));
      }
      before = pick;
      const label = `Predictions of ${rows} images over ${next.range[1] - next.range[0] + 1} epochs; arrow keys move through epochs and rows, Enter tells about an image, Shift and arrows pick rows out`;
      scroll.setAttribute("aria-label", label);
      if (row !== null && row >= rows) row = null;
      at = next.at;
      repaint();
      return frame;
    },
    look(next) {
      shown = next;
      at = next.at;
      paintAbove(above, shown, frame, view, at, row);
    },
    point(place, image) {
      at = place;
      if (image === null) row = null;
      else if (!shown || row === null || shown.rows.order[row] !== image) row = shown ? rowOf(shown, image) : null;
      if (shown && !drag) paintAbove(above, shown, frame, view, at, row);
    },
    scrollTo: scrollToRow,
  };
}

function rowOf(shown: Shown, image: number): number | null {
  const found = shown.rows.order.indexOf(image);
  return found < 0 ? null : found;
}
