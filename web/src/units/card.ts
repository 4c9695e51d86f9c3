// The card of a unit: its best pictures with what is active in them, its label, how sure that is.
import { h } from "../core/dom.js";
import { boxOf, loadMaps, loadPicture, type Unit } from "./data.js";
import { drawActive, type Area } from "./region.js";
import { placeOf, saidOf, swatch } from "./words.js";

/** Sizes in pixels of the page. */
export interface CardSize {
  width: number;
  /** of the pictures */
  high: number;
}

const GAP = 2;

/** One picture in large at the left, four in small beside it. */
function areas(width: number, height: number, gap: number): Area[] {
  const large = Math.round((width - gap) / 2);
  const side = Math.floor((width - large - 2 * gap) / 2);
  const tall = Math.floor((height - gap) / 2);
  const left = [large + gap, width - side];
  return [
    { x: 0, y: 0, width: large, height },
    ...[0, height - tall].flatMap((y) => left.map((x) => ({ x, y, width: side, height: tall }))),
  ];
}

async function drawPictures(canvas: HTMLCanvasElement, one: Unit, dots: number): Promise<void> {
  const maps = await loadMaps(one);
  const rooms = areas(canvas.width, canvas.height, Math.round(GAP * dots));
  const shown = maps.pictures.slice(0, rooms.length);
  const photos = await Promise.all(shown.map((picture) => loadPicture(picture).catch(() => null)));
  const context = canvas.getContext("2d")!;
  shown.forEach((picture, i) => {
    const map = { bytes: maps.maps[i], cells: maps.cells, level: maps.level, box: boxOf(one.model, picture) };
    drawActive(context, rooms[i], photos[i], map, Math.max(1, Math.round(dots)));
  });
  canvas.dataset["drawn"] = "";
}

/** Make the card of a unit; its pictures are drawn when they are there. */
export function makeCard(one: Unit, score: string, size: CardSize): HTMLElement {
  const dots = Math.min(2, devicePixelRatio || 1);
  const said = saidOf(one, score);
  const canvas = h("canvas", { width: Math.round(size.width * dots), height: Math.round(size.high * dots), "aria-hidden": "true" });
  canvas.style.width = `${size.width}px`;
  canvas.style.height = `${size.high}px`;
  void drawPictures(canvas, one, dots).catch((error: unknown) => (canvas.title = String(error)));
  return h(
    "div",
    { class: `unit-card${said.label ? "" : " unnamed"}`, role: "option", tabindex: -1, "aria-selected": "false" },
    canvas,
    h("div", { class: "unit-label" }, said.category && swatch(said.category), h("strong", { title: said.label || said.why }, said.label || `no label: ${said.why}`), said.category && h("span", { class: "hidden" }, said.category)),
    h("div", { class: "unit-facts" }, [said.score, said.sure].filter(Boolean).join(" · "), ...said.marks.map((mark) => h("span", { class: "unit-mark" }, mark))),
    h("div", { class: "unit-place", title: placeOf(one) }, placeOf(one)),
  );
}
