// Out of the page: pictures of maps and of the board, their values, and studies.
import { h } from "../core/dom.js";
import { paint, valueAt } from "../core/overlay.js";
import { fileName, saveCanvas, saveCsv } from "../core/save.js";
import { firstName, percent, whole } from "../core/words.js";
import { Gone, Refusal, listen, startSaving, stopJob } from "./api.js";
import { boardCells } from "./board.js";
import { openSheet } from "./sheet.js";
import {
  answersOf, choices, currentMethod, currentPhoto, keyOf, labelOf, modelOf, photoOf, photos, pictures, results, server, type Place,
} from "./state.js"; // prettier-ignore
import { targetWords } from "./target.js";
import { counted, duration } from "./words.js";

/** Longest side in pixels of a saved picture of one map. */
const SIDE = 1024;

/** A map over its photograph as a PNG file. */
export function saveMapPicture(place: Place): void {
  const photo = photoOf(place.photo)!;
  const result = results.get(keyOf(place));
  if (result?.state !== "done") return;
  const scale = SIDE / Math.max(photo.width, photo.height);
  const canvas = h("canvas", { width: Math.round(photo.width * scale), height: Math.round(photo.height * scale) });
  const area = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  const tile = result.tile.limit > 0 ? result.tile : null;
  paint(canvas.getContext("2d")!, area, pictures.get(place.photo) ?? null, [photo.width, photo.height], tile, choices.style);
  saveCanvas(canvas, nameOf(place));
}

function nameOf(place: Place): string {
  return fileName(photoOf(place.photo)!.name, modelOf(place.model).label, labelOf(place.method));
}

/** The values of a map as a CSV file: one line per cell, with its middle in pixels of the photograph. */
export function saveMapTable(place: Place): void {
  const result = results.get(keyOf(place));
  if (result?.state !== "done") return;
  const { tile } = result;
  const photo = photoOf(place.photo)!;
  const [rows, columns] = tile.cells;
  const [left, top, right, bottom] = tile.box;
  const lines: (string | number | null)[][] = [["row", "column", "x", "y", "value"]];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = left + ((column + 0.5) / columns) * (right - left);
      const y = top + ((row + 0.5) / rows) * (bottom - top);
      const value = valueAt(tile, [photo.width, photo.height], x / photo.width, y / photo.height);
      lines.push([row, column, Number(x.toFixed(2)), Number(y.toFixed(2)), value === null ? null : Number(value.toPrecision(5))]);
    }
  }
  saveCsv(lines, nameOf(place));
}

/** The whole board as one PNG file, with captions, light as paper. */
function saveBoard(): void {
  const cells = boardCells();
  const columns = cells[0]?.length ?? 0;
  if (columns === 0) return;
  const side = 260;
  const [gap, head, top, pad] = [14, 170, 92, 24];
  const heights = cells.map((row) => {
    const photo = photoOf(row[0]!.place.photo)!;
    return side * Math.min(1.4, photo.height / photo.width);
  });
  const width = 2 * pad + head + columns * (side + gap);
  const height = pad + top + heights.reduce((sum, one) => sum + one + 30 + gap, 0) + pad;
  const scale = Math.min(2, 16_000 / Math.max(width, height));
  const canvas = h("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
  const context = canvas.getContext("2d")!;
  context.scale(scale, scale);
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  const write = (text: string, x: number, y: number, size: number, bold = false, room = side): void => {
    context.font = `${bold ? 600 : 400} ${size}px system-ui, sans-serif`;
    context.fillStyle = bold ? "#1b1c20" : "#5f626b";
    let shown = text;
    while (shown.length > 1 && context.measureText(shown).width > room) shown = `${shown.slice(0, -2)}…`;
    context.fillText(shown, x, y);
  };
  const subject = choices.layout === "photo" ? currentPhoto()?.name : currentMethod() && labelOf(currentMethod()!);
  write(`${subject ?? ""} · ${targetWords()} explained`, pad, pad + 14, 15, false, width - 2 * pad);
  cells[0]!.forEach((cell, column) => {
    const x = pad + head + column * (side + gap);
    write(modelOf(cell.place.model).label, x, pad + 52, 16, true);
    const answer = choices.layout === "photo" ? answersOf(cell.place.photo, cell.place.model)?.[0] : undefined;
    if (answer) write(`${firstName(answer.name)} ${percent(answer.p)}`, x, pad + 73, 14);
  });
  let y = pad + top;
  cells.forEach((row, at) => {
    const { place } = row[0]!;
    write(choices.layout === "photo" ? labelOf(place.method) : photoOf(place.photo)!.name, pad, y + 16, 15, true, head - 12);
    row.forEach((cell, column) => {
      const x = pad + head + column * (side + gap);
      const photo = photoOf(cell.place.photo)!;
      const result = results.get(keyOf(cell.place));
      const tall = heights[at]!;
      const wide = Math.min(side, (tall * photo.width) / photo.height);
      const area = { x: x * scale, y: y * scale, width: wide * scale, height: tall * scale };
      context.save();
      context.setTransform(1, 0, 0, 1, 0, 0);
      const tile = result?.state === "done" && result.tile.limit > 0 ? result.tile : null;
      paint(context, area, pictures.get(photo.id) ?? null, [photo.width, photo.height], tile, choices.style);
      context.restore();
      const answer = answersOf(cell.place.photo, cell.place.model)?.[0];
      const words = result?.state === "done" ? `${firstName(result.target.name)} ${percent(result.target.p)}`
        : result && result.state !== "stopped" ? result.reason : `${answer ? `${firstName(answer.name)}, ` : ""}not computed yet`; // prettier-ignore
      write(words, x, y + tall + 18, 13);
    });
    y += heights[at]! + 30 + gap;
  });
  saveCanvas(canvas, fileName("crosslight", subject ?? "board"));
}

/** Ask for a name, and have the server save what is shown as a study that runs to its report. */
export function openSaving(): void {
  const name = h("input", { id: "save-name", type: "text", value: suggestion(), maxlength: 80, required: true });
  const begin = h("button", { type: "submit", class: "primary" }, "Save as a study");
  const out = h("div", { class: "saving" });
  const shown = choices.layout === "photo" ? [currentPhoto()!] : photos;
  const all = h("input", { type: "checkbox", checked: true });
  const form = h(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        if (form.reportValidity()) void save(name.value.trim(), (all.checked ? photos : shown).map((photo) => photo.id), form, out);
      },
    },
    h("p", {}, `${counted(choices.models.length, "model")} and ${counted(choices.methods.length, "method")}, as chosen here, with their settings and ${targetWords()}. ` +
      "The photographs are copied, the study is run anew, and it gets a full report with agreement between models."),
    h("label", { class: "wide", for: "save-name" }, "Name"), name,
    shown.length < photos.length ? h("label", { class: "tick" }, all, `All ${photos.length} photographs, not only this one`) : null,
    h("div", { class: "buttons" }, begin,
      h("button", { type: "button", onclick: saveBoard }, "PNG of this board")),
  ); // prettier-ignore
  if (!server.save) {
    begin.disabled = true;
    form.append(h("p", { class: "note warns" }, "Studies cannot be saved: the viewer may not write into its folder. Start it with --save DIR."));
  }
  openSheet("small", "Save", [form, out]);
  name.focus();
  name.select();
}

function suggestion(): string {
  const photo = currentPhoto();
  return photos.length === 1 && photo ? photo.name.replace(/\.[a-z0-9]{2,4}$/i, "") : `${counted(photos.length, "photograph")}`;
}

async function save(name: string, wanted: string[], form: HTMLElement, out: HTMLElement): Promise<void> {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress of saving" });
  const words = h("p", { role: "status" }, `0 of ${counted(wanted.length, "photograph")} · reading the study`);
  const failures = h("ul", { class: "quiet" });
  const stop = h("button", { type: "button" }, "Cancel");
  try {
    const { models, methods, target } = choices;
    const { job, folder } = await startSaving(name, { photos: wanted, models, methods, target });
    form.hidden = true;
    out.replaceChildren(bar, words, stop, failures);
    stop.addEventListener("click", () => void stopJob(job));
    listen(job, (event) => {
      if (event.type === "progress") {
        bar.max = Math.max(1, event.of);
        bar.value = event.done + (event.passes ? event.passes[0] / Math.max(1, event.passes[1]) : 0);
        words.textContent = `${whole(event.done)} of ${whole(event.of)} · ${event.now} · ${duration(event.seconds)}`;
      } else if (event.type === "skipped" || event.type === "failed") failures.append(h("li", {}, event.reason));
      else if (event.type === "saved") {
        out.replaceChildren(
          h("p", { role: "status" }, h("strong", {}, `Saved as ${event.folder}.`)),
          h("p", {}, h("a", { class: "primary", href: event.report, target: "_blank", rel: "noopener" }, "Open its report")),
          h("p", { class: "quiet" }, "To go on with it, such as after adding models to its study.toml:"),
          h("pre", { tabindex: "0" }, `crosslight run ${event.folder}/study.toml --out ${event.folder}/results`),
          failures,
        );
      } else if (event.type === "cancelled" || event.type === "done") {
        form.hidden = false;
        out.replaceChildren(
          h("p", { role: "alert" }, event.type === "cancelled" ? "Saving was cancelled." : `It was not saved whole: see ${folder}.`),
          failures,
        );
      }
    });
  } catch (error) {
    if (error instanceof Gone) return;
    const said = error instanceof Refusal ? [error.message, error.hint].filter(Boolean).join("; ") : String(error);
    out.replaceChildren(h("p", { role: "alert", class: "note warns" }, said));
  }
}
