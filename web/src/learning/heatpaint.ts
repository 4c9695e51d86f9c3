// The heat map on its two canvases: cells and bars below, what is pointed at and picked out above.
import { fit } from "../core/canvas.js";
import type { Frame } from "./frame.js";
import { linesOf, meansOf, paintCells, paintLabels, type Lines } from "./heat.js";
import type { About } from "./measures.js";
import { css, tokenColour } from "./palette.js";
import { drawSmall, smallOf } from "./sheets.js";
import type { Shown } from "./shown.js";
import { MISSING } from "./data.js";

/** Which rows are in sight. */
export interface Window {
  height: number;
  /** pixels of the page for one row */
  perRow: number;
  /** the first row in sight; a fraction of it may be above */
  first: number;
}

/** Lines of pixels in sight, and where they lie on the canvas, in its own pixels. */
export interface Placed extends Lines {
  top: number;
  each: number;
}

export function placed(shown: Shown, view: Window, density: number): Placed {
  const lines = linesOf(shown.rows.order, Math.round(view.height * density), view.perRow * density, view.first);
  const thick = view.perRow * density >= 1;
  return { ...lines, each: thick ? view.perRow * density : 1, top: thick ? -(view.first % 1) * view.perRow * density : 0 };
}

// Rows of one or several pixels, on whole pixels, so that no line is blurred.
function stretch(context: CanvasRenderingContext2D, image: ImageData, x: number, width: number, lines: Placed): void {
  const sheet = document.createElement("canvas");
  sheet.width = image.width;
  sheet.height = image.height;
  sheet.getContext("2d")!.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(sheet, x, lines.top, width, image.height * lines.each);
}

export function paintBelow(canvas: HTMLCanvasElement, shown: Shown, frame: Frame, view: Window, later: () => void): void {
  const density = fit(canvas, frame.width, view.height);
  const context = canvas.getContext("2d")!;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const lines = placed(shown, view, density);
  const cells = paintCells(shown.run, lines, shown.range[0], shown.range[1], shown.cells);
  if (!cells) return;
  stretch(context, cells, frame.x0 * density, (frame.x1 - frame.x0) * density, lines);
  const band = shown.run.labelled && paintLabels(shown.run, lines, shown.colours, tokenColour("--paper"));
  if (band) stretch(context, band, frame.band * density, frame.bandWidth * density, lines);
  if (frame.side) paintPictures(context, shown, frame, lines, density, later);
  frame.bars.forEach((about, i) => paintBars(context, shown, about, (frame.bar + i * frame.step) * density, (frame.step - 10) * density, lines));
  paintBlocks(context, shown, frame, view, density);
}

function paintPictures(context: CanvasRenderingContext2D, shown: Shown, frame: Frame, lines: Placed, density: number, later: () => void): void {
  for (let line = 0; line < lines.starts.length - 1; line++) {
    const small = smallOf(shown.run, lines.order[lines.starts[line]], later);
    const side = Math.min(frame.side * density, lines.each - 1);
    if (small) drawSmall(context, small, frame.picture * density, Math.round(lines.top + line * lines.each), side);
  }
}

function largest(about: About, values: Float64Array): number {
  if (about.kind === "share") return about.name === "spread" ? 0.5 : 1;
  let most = 0;
  for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
  return most || 1;
}

function paintBars(context: CanvasRenderingContext2D, shown: Shown, about: About, x: number, width: number, lines: Placed): void {
  const values = shown.measures[about.name];
  const most = largest(about, values);
  const means = meansOf(lines, values);
  const gap = lines.each >= 5 ? 1 : 0;
  context.fillStyle = css(tokenColour("--card"));
  context.fillRect(x, 0, width, means.length * lines.each + lines.top);
  context.fillStyle = css(tokenColour(shown.state.sort === about.name ? "--accent" : "--quiet"));
  const zero = about.kind === "signed" ? x + width / 2 : x;
  const room = about.kind === "signed" ? width / 2 : width;
  means.forEach((mean, line) => {
    if (mean !== mean) return;
    const long = (room * mean) / most;
    const y = lines.top + line * lines.each;
    context.fillRect(Math.min(zero, zero + long), Math.round(y), Math.abs(long), Math.max(1, Math.round(y + lines.each) - Math.round(y) - gap));
  });
}

function paintBlocks(context: CanvasRenderingContext2D, shown: Shown, frame: Frame, view: Window, density: number): void {
  context.font = `${11.5 * density}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (const block of shown.rows.blocks) {
    const top = (block.from - view.first) * view.perRow * density;
    const bottom = (block.to - view.first) * view.perRow * density;
    if (bottom < 0 || top > view.height * density) continue;
    context.fillStyle = css(tokenColour("--paper"));
    if (block.from) context.fillRect(0, Math.round(top) - 1, frame.width * density, Math.max(1, Math.round(density)));
    const [from, to] = [Math.max(0, top), Math.min(view.height * density, bottom)];
    if (!frame.names || to - from < 13 * density) continue;
    context.fillStyle = css(tokenColour("--ink"));
    const name = block.key === MISSING ? "no class" : (shown.run.classes[block.key] ?? "");
    context.fillText(shorter(context, name, (frame.names - 6) * density), 0, (from + to) / 2 - (to - from > 30 * density ? 6.5 * density : 0));
    if (to - from > 30 * density) {
      context.fillStyle = css(tokenColour("--quiet"));
      context.fillText((block.to - block.from).toLocaleString("en"), 0, (from + to) / 2 + 7 * density);
    }
  }
}

function shorter(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let cut = text;
  while (cut.length > 1 && context.measureText(`${cut}…`).width > room) cut = cut.slice(0, -1);
  return `${cut}…`;
}

/** What is picked out, the epoch that is pointed at, and the row. */
export function paintAbove(canvas: HTMLCanvasElement, shown: Shown, frame: Frame, view: Window, at: number, row: number | null): void {
  const density = fit(canvas, frame.width, view.height);
  const context = canvas.getContext("2d")!;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const accent = css(tokenColour("--accent"));
  const lines = placed(shown, view, density);
  const bottom = lines.top + (lines.starts.length - 1) * lines.each;
  if (shown.found && !shown.state.only) paintPicked(context, shown.found, frame, lines, density, accent);
  const [from, to] = shown.range;
  const column = (frame.x1 - frame.x0) / (to - from + 1);
  if (at >= from && at <= to) {
    context.strokeStyle = css(tokenColour("--ink"));
    context.lineWidth = 1.5 * density;
    const width = Math.max(2, column);
    context.strokeRect((frame.x0 + (at - from + 0.5) * column - width / 2) * density, -4, width * density, bottom + 8);
  }
  if (row === null) return;
  const y = (row - view.first) * view.perRow * density;
  const high = Math.max(2 * density, view.perRow * density);
  context.strokeStyle = accent;
  context.lineWidth = 1.5 * density;
  context.strokeRect((frame.band - 2) * density, y - 1, (frame.width - frame.band) * density, high + 1);
}

function paintPicked(context: CanvasRenderingContext2D, found: Uint8Array, frame: Frame, lines: Placed, density: number, accent: string): void {
  const paper = css(tokenColour("--paper"));
  for (let line = 0; line < lines.starts.length - 1; line++) {
    let some = 0;
    for (let row = lines.starts[line]; row < lines.starts[line + 1]; row++) some += found[lines.order[row]];
    const [y, next] = [Math.round(lines.top + line * lines.each), Math.round(lines.top + (line + 1) * lines.each)];
    if (!some) {
      context.fillStyle = paper;
      context.globalAlpha = 0.62;
      context.fillRect(frame.band * density, y, (frame.width - frame.band) * density, next - y);
      continue;
    }
    context.globalAlpha = Math.max(0.45, some / (lines.starts[line + 1] - lines.starts[line]));
    context.fillStyle = accent;
    context.fillRect((frame.x0 - 4) * density, y, 3 * density, next - y);
    context.fillRect((frame.x1 + 1) * density, y, 3 * density, next - y);
  }
  context.globalAlpha = 1;
}
