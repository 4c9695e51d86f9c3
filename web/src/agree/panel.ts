// The panel of one method: texts from its part, drawings in the places that the texts leave for them.
import { data } from "../core/data.js";
import { h } from "../core/dom.js";
import { dotsTable, drawDots, type Chart, type DotChart, type Options, type Row } from "../core/dots.js";
import { fileName } from "../core/save.js";
import { saves, type Table } from "../core/saves.js";
import { dressTables } from "../core/tables.js";
import { fixed, whole } from "../core/words.js";
import { go } from "../page/router.js";
import { MOST } from "./cells.js";
import { choicesTable, drawChoices } from "./choices.js";
import { pairsOf, type Agree, type Choices, type Plane } from "./data.js";
import { addLegend, chartEntries, groupEntries, type Entry } from "./legends.js";
import { isMeant, linked } from "./linked.js";
import { drawMap, mapTable } from "./map.js";
import { drawMatrix, pairsTable } from "./matrix.js";
import { ordersOf } from "./order.js";
import { fillTable, pairChart } from "./pairs.js";
import { fillScenes } from "./scenes.js";
import { isChance, type Settings } from "./tone.js";
import { matrixTools } from "./tools.js";
import { rowTip } from "./words.js";

/** Pairs that are drawn, on a screen and on a narrow one; of more, the most and the least alike. */
const PAIRS = 72;
const PAIRS_NARROW = 24;

// How the matrix is shown holds for all methods, so that they can be compared.
const settings: Settings = { order: "tree", measure: "", colour: "mean", stretched: false };

export interface Shown {
  agree: Agree;
  /** listen no longer */
  stop(): void;
}

/** A drawing with what stands around it. */
interface Figure {
  svg: SVGSVGElement;
  key: Entry[];
  note: string | Element;
  /** end of its files' names, and what they are about */
  name: string;
  about: string;
  table: () => Table;
  /** what is saved, where that is not just the drawing */
  saved?: () => SVGSVGElement;
}

/** Make the panel of a method within an element. */
export function showPanel(root: HTMLElement, method: number, agree: Agree): Shown {
  root.innerHTML = agree.html; // made by our own templates, which escape every value
  const node = root.firstElementChild as HTMLElement;
  const stem = fileName(agree.label);
  const link = linked((a, b) => go("agree", method, agree.models[a], agree.models[b]));

  function put(name: string, make: (room: number) => Figure, before?: () => Element): void {
    const place = node.querySelector<HTMLElement>(`[data-drawing="${name}"]`);
    if (!place) return;
    const { svg, key, note, table, about, saved, ...one } = make(Math.max(280, place.clientWidth));
    const links = saves(`${stem}-${one.name}`, `${about} under ${agree.label}`, saved ?? (() => svg), table);
    addLegend(svg, key);
    const words = typeof note === "string" ? note && h("span", {}, note) : note;
    const figure = h("figure", { class: "plot" }, h("div", { class: "scroller" }, svg), h("figcaption", {}, words, links));
    place.replaceChildren(...(before ? [before()] : []), figure);
  }

  function dots(chart: Chart, room: number, options: Options): DotChart {
    const over = (row: Row | null): void => link.light(row ? setsIn(row) : []);
    const drawing = drawDots(chart, room, { ...options, over, tips: (row) => rowTip(row, chart.head) });
    link.add({ node: drawing.svg, light: (sets) => drawing.light((row) => isRowMeant(row, sets)) });
    return drawing;
  }

  function chart(name: string, about: string, found: Chart | undefined, options: Options = {}): void {
    if (!found) return;
    put(name, (room) => {
      const { svg } = dots(found, room, options);
      return { svg, key: chartEntries(agree, found), note: "", name, about, table: () => dotsTable(found) };
    });
  }

  function matrix(): void {
    const measure = agree.measures.find((one) => one.key === settings.measure) ?? agree.measures[0];
    const orders = ordersOf(agree);
    const order = orders.find((one) => one.key === settings.order) ?? orders[0];
    const note = h("span", {}, aboutTree(order.key, measure.label));
    let arrange: ReturnType<typeof drawMatrix>["arrange"] = () => undefined;
    put(
      "matrix",
      (room) => {
        const drawing = drawMatrix(agree, measure, settings, order, room, link);
        arrange = drawing.arrange;
        link.add(drawing);
        const key = groupEntries(agree, agree.sets.length <= MOST && pairsOf(agree, measure).some(isChance));
        const table = (): Table => pairsTable(agree, measure);
        return { svg: drawing.svg, key, note, name: "matrix", about: "Matrix", table, saved: drawing.forPaper };
      },
      () => {
        const shown = { order: order.key, measure: measure.key };
        return matrixTools(agree, settings, orders, shown, (next) => {
          arrange(next);
          note.textContent = aboutTree(next.key, measure.label);
        }, redraw); // prettier-ignore
      },
    );
  }

  function aboutTree(order: string, measure: string): string {
    if (order !== "tree" || !agree.tree) return "";
    const main = agree.measures[0].label;
    const wide = root.clientWidth > 700;
    const words = wide ? "On branches: AU/BP, the support by the images in per cent; bold from 95." : "Bold branches: AU of 95 % and more.";
    return measure === main ? words : `${words} The tree is that of ${main}.`;
  }

  function map(plane: Plane): void {
    put("map", (room) => {
      const drawing = drawMap(agree, plane, room, link);
      link.add(drawing);
      const note = `Ellipses: where ${Math.round(100 * plane.level)} % of ${whole(plane.resamples)} resamples of the images put a model. Stress ${fixed(plane.stress, 2)} (above 0.2 is poor). The signs of the axes mean nothing.`;
      return { svg: drawing.svg, key: groupEntries(agree), note, name: "map", about: "Map of the models", table: () => mapTable(agree, plane) };
    });
  }

  function pairs(): void {
    put("pairs", (room) => {
      const measure = agree.measures[0];
      const [found, left] = pairChart(agree, measure, room < 560 ? PAIRS_NARROW : PAIRS);
      const columns = room > 900 && found.rows.length > 12 ? 2 : 1;
      const { svg } = dots(found, room, { step: 19, columns, open: ({ pair }) => pair && link.open(...pair) });
      const half = found.rows.length / 2;
      const note = left ? `The ${half} most and the ${half} least alike; ${whole(left)} pairs between them are in the table.` : "";
      return { svg, key: chartEntries(agree, found), note, name: "pairs", about: "Every pair", table: () => pairsTable(agree, measure) };
    });
  }

  function choices(found: Choices): void {
    put("choices", (room) => {
      const note = `${found.universes.length} combinations of choices, sorted by ANOSIM's R. Significant: p up to ${found.alpha} after Holm's correction for the two tests, not for the number of combinations.`;
      const svg = drawChoices(found, Math.max(room, 340));
      return { svg, key: [], note, name: "choices", about: "Specification curve", table: () => choicesTable(found) };
    });
  }

  function draw(): void {
    link.clear();
    matrix();
    if (agree.map) map(agree.map);
    chart("ladder", "Ladder of similarity", agree.charts.ladder, { step: 26 });
    chart("consensus", "Similarity to the consensus", agree.charts.consensus);
    chart("properties", "Properties of the images", agree.charts.properties, { step: 26 });
    pairs();
    if (agree.choices) choices(agree.choices);
  }

  function redraw(): void {
    const id = document.activeElement?.id;
    draw();
    if (id) document.getElementById(id)?.focus({ preventScroll: true });
  }

  let width = root.clientWidth;
  draw();
  fillScenes(node, method, agree);
  fillTable(node.querySelector("[data-table='pairs']"), agree, `${stem}-pairs-table`);
  dressTables(node);
  const watcher = new ResizeObserver(() => {
    if (!root.clientWidth || Math.abs(root.clientWidth - width) < 4) return;
    width = root.clientWidth;
    redraw();
  });
  watcher.observe(root);
  addEventListener("themechange", redraw);
  return {
    agree,
    stop() {
      watcher.disconnect();
      removeEventListener("themechange", redraw);
    },
  };
}

function setsIn(row: Row): number[] {
  return row.pair ?? (row.set === undefined ? [] : [row.set]);
}

function isRowMeant(row: Row, sets: readonly number[]): boolean {
  const own = setsIn(row);
  if (!own.length || !sets.length) return false;
  return row.pair ? isMeant(own, sets) : sets.includes(own[0]);
}

/** The positions of two models among the sets of a method; null where one of them is not compared. */
export function setsOf(agree: Agree, models: [number, number]): [number, number] | null {
  const [a, b] = models.map((model) => agree.models.indexOf(model));
  return a < 0 || b < 0 || a === b || !data.models[models[0]] ? null : [a, b];
}
