// The first screen: one photograph with telling maps, and two small charts.
import { bytesOf } from "../core/bytes.js";
import { decoded, labelOf } from "../core/data.js";
import { h, type Child } from "../core/dom.js";
import { DEFAULT_STYLE, paint, type Tile } from "../core/overlay.js";
import { part } from "../core/parts.js";
import { percent } from "../core/words.js";
import { startChart, type SmallChart } from "./charts.js";
import { hrefOf } from "./router.js";

interface Shown {
  label: string;
  kind: "alike" | "different" | "method";
  model: number;
  method: number;
  said: string;
  p: number | null;
  right: boolean | null;
  cells: [number, number];
  native: [number, number];
  box: [number, number, number, number];
  signed: boolean;
  limit: number;
  bytes: string;
}

interface Row {
  image: number;
  name: string;
  /** similarities of the two pairs, in words */
  alike?: string;
  different?: string;
  label: string;
  photo: string | null;
  size: [number, number];
  tiles: Shown[];
}

interface Overview {
  row: Row | null;
  charts: SmallChart[];
}

const GROUPS = { alike: "The two most alike", different: "The two least alike", method: "The maps" };

function tileOf(shown: Shown): Tile {
  return { ...shown, bytes: bytesOf(shown.bytes) };
}

// As many pixels as the screen has, so that maps are sharp.
function canvasOf(row: Row, photo: HTMLImageElement | null, tile: Tile | null, words: string): HTMLCanvasElement {
  const [wide, high] = row.size;
  const scale = (260 * Math.min(2, devicePixelRatio || 1)) / Math.max(wide, high);
  const canvas = h("canvas", {
    width: Math.round(wide * scale), height: Math.round(high * scale), role: "img", "aria-label": words,
  }); // prettier-ignore
  const area = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  paint(canvas.getContext("2d")!, area, photo, row.size, tile, DEFAULT_STYLE);
  return canvas;
}

function plate(href: string, canvas: HTMLCanvasElement, label: string, ...said: Child[]): HTMLElement {
  return h("a", { class: "shown-map", href }, canvas, h("span", { class: "shown-words" }, h("strong", {}, label), h("span", {}, ...said)));
}

function mark(right: boolean | null): Child {
  if (right === null) return null;
  return h("span", { class: `mark ${right ? "yes" : "no"}` }, right ? " ✓" : " ✗", h("span", { class: "hidden" }, right ? " right" : " wrong"));
}

async function drawRow(root: HTMLElement, row: Row): Promise<void> {
  const photo = row.photo ? await decoded("image/jpeg", row.photo) : null;
  const label = labelOf(row.image);
  root.append(
    h(
      "div",
      { class: "shown-set photo-set", "--n": 1 },
      h("span", { class: "shown-title" }, "The picture"),
      h("div", { class: "shown-maps" }, plate(hrefOf("look"), canvasOf(row, photo, null, `The photograph ${row.name}`), label ? `labelled ${label}` : row.name)),
    ),
  );
  for (const kind of ["alike", "different", "method"] as const) {
    const tiles = row.tiles.filter((tile) => tile.kind === kind);
    if (!tiles.length) continue;
    const plates = tiles.map((tile) => {
      const words = `Map of ${tile.label} over the photograph`;
      const href = `${hrefOf("look", tile.method)}?open=${row.image}.${tile.model}`;
      return plate(href, canvasOf(row, photo, tileOf(tile), words), tile.label, tile.said, mark(tile.right), tile.p === null ? "" : ` ${percent(tile.p)}`);
    });
    root.append(
      h("div", { class: `shown-set ${kind}-set`, "--n": tiles.length }, h("span", { class: "shown-title" }, GROUPS[kind], kind !== "method" && row[kind] ? h("b", {}, row[kind]) : ""), h("div", { class: "shown-maps" }, ...plates)),
    );
  }
  root.style.setProperty("--a", String(row.size[0] / row.size[1]));
}

/** Draw the pictures of the first screen. */
export async function startOverview(): Promise<void> {
  const root = document.getElementById("striking");
  const charts = [...document.querySelectorAll<HTMLElement>("[data-chart]")];
  if (!root && !charts.length) return;
  const overview = await part<Overview>("overview");
  charts.forEach((element) => {
    const chart = overview.charts[Number(element.dataset["chart"])];
    if (!chart) return;
    element.closest("figure")?.querySelector("figcaption")?.append(startChart(element, chart, chart.file));
  });
  if (root && overview.row) await drawRow(root, overview.row);
}
