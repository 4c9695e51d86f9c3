// The Look view: photographs x models x methods as a grid of overlays, one map in large, two beside each other.
import { data } from "../core/data.js";
import { by, h, say } from "../core/dom.js";
import { loadPairs } from "../core/pairs.js";
import { tip, untip } from "../core/tip.js";
import { noteMethod, onPlace, place } from "../page/router.js";
import { banner } from "./banner.js";
import { controls, updateControls } from "./controls.js";
import { closeDetail, openDetail } from "./detail.js";
import { placed } from "./draw.js";
import { makeGrid, type Grid } from "./grid.js";
import { countWords, imagesOf } from "./images.js";
import { keyHelp } from "./keys.js";
import { prefetch } from "./prefetch.js";
import { readout } from "./readout.js";
import { follow, look, onLook, set, type Look } from "./state.js";

/** Draw the view; the address says what of it. */
export async function startLook(): Promise<void> {
  const root = by("look-root");
  if (!data.methods.length || !data.models.length || !data.images.length) {
    root.append(h("p", { class: "note" }, "There are no maps to look at."));
    return;
  }
  await loadPairs(look().method).catch(() => undefined);
  const grid = makeGrid();
  const count = h("p", { class: "count", id: "count" });
  const toolbar = controls(count, keyHelp);
  const note = banner();
  const empty = h("p", { class: "empty", hidden: true }, "No image is left. Reset brings all of them back.");
  root.append(toolbar, note.element, grid.scroller, empty);

  const show = (keep: boolean): void => {
    const rows = imagesOf(look());
    const words = countWords(look(), rows.length);
    if (count.textContent !== words) {
      count.textContent = words;
      say(words);
    }
    empty.hidden = rows.length > 0;
    grid.scroller.hidden = rows.length === 0;
    grid.show(rows, keep);
  };
  onLook((changed) => {
    updateControls(toolbar, changed);
    note.update();
    if (changed.has("method")) noteMethod(look().method);
    if (changed.has("method")) void loadPairs(look().method).then(() => look().pair && show(true), () => undefined);
    if (otherRows(changed)) show(!changed.has("order") && !changed.has("pair"));
    else if (changed.has("style") || changed.has("size")) grid.redraw();
    if (changed.has("open")) opened(grid);
    if (changed.has("method") || changed.has("columns")) prefetch(grid);
  });
  listen(grid);
  onPlace("look", () => {
    follow();
    requestAnimationFrame(() => grid.redraw());
  });
  noteMethod(look().method);
  show(false);
  opened(grid);
  prefetch(grid);
}

function otherRows(changed: ReadonlySet<keyof Look>): boolean {
  const keys: (keyof Look)[] = ["method", "columns", "model", "filter", "label", "order", "pair", "search", "images", "models"];
  return keys.some((key) => changed.has(key));
}

function opened(grid: Grid): void {
  const { open } = look();
  if (open) openDetail(grid);
  else closeDetail();
}

function listen(grid: Grid): void {
  const { scroller } = grid;
  const openAt = (target: EventTarget | null): boolean => {
    const found = grid.cellOf(target);
    if (!found) return false;
    grid.focus(found.row.at, found.row.cells.indexOf(found.cell));
    const { model, method } = found.cell.column;
    untip();
    set(look().columns === "methods" ? { open: [found.row.image, model], method } : { open: [found.row.image, model] });
    return true;
  };
  scroller.addEventListener("click", (event) => void openAt(event.target));
  scroller.addEventListener("pointermove", (event) => {
    const found = event.pointerType === "touch" ? null : grid.cellOf(event.target);
    if (!found?.cell.map) return untip();
    const box = found.cell.square.getBoundingClientRect();
    const area = placed(found.row.image, box.width, box.height);
    const x = (event.clientX - box.left - area.x) / area.width;
    const y = (event.clientY - box.top - area.y) / area.height;
    if (x < 0 || x >= 1 || y < 0 || y >= 1) return untip();
    tip(event.clientX, event.clientY, ...readout(found.row.image, found.cell.column, found.cell.map, x, y));
  });
  scroller.addEventListener("pointerleave", untip);
  scroller.addEventListener("scroll", untip, { passive: true });
  scroller.addEventListener("keydown", (event) => {
    const found = grid.cellOf(event.target);
    if (!found || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = found.row.at;
    const column = found.row.cells.indexOf(found.cell);
    const page = Math.max(1, Math.floor(scroller.clientHeight / found.row.element.offsetHeight) - 1);
    const steps: Record<string, [number, number]> = {
      ArrowDown: [at + 1, column],
      ArrowUp: [at - 1, column],
      ArrowRight: [at, column + 1],
      ArrowLeft: [at, column - 1],
      Home: [at, 0],
      End: [at, grid.columns().length - 1],
      PageDown: [Math.min(grid.images().length - 1, at + page), column],
      PageUp: [Math.max(0, at - page), column],
    };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      grid.focus(...step);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      openAt(event.target);
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input:not([type=radio]):not([type=checkbox]):not([type=range]), textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || place().view !== "look") return;
    if (event.key === "?") {
      event.preventDefault();
      keyHelp();
    } else if (event.key === "/" && !look().open) {
      event.preventDefault();
      document.querySelector<HTMLDetailsElement>("#look .more")!.open = true;
      document.getElementById("search")?.focus();
    }
  });
}
