// The panel of one method: texts from its part, drawings in the places that the texts leave for them.
import { h } from "../core/dom.js";
import { data, fixed } from "../core/data.js";
import { go } from "../page/router.js";
import { choicesTable, drawChoices } from "./choices.js";
import { pairsOf, type Agree, type Chart, type Measure, type Pair } from "./data.js";
import { dotsTable, drawDots, type DotChart, type Options } from "./dots.js";
import { files, slug, type Table } from "./files.js";
import { linked } from "./linked.js";
import { drawMap, mapTable } from "./map.js";
import { lookOf, markIcon } from "./marks.js";
import { drawMatrix, pairsTable, type Colour, type Matrix, type Settings } from "./matrix.js";
import { ordersOf } from "./order.js";
import { fillScenes } from "./scenes.js";
import { between } from "./words.js";

/** Pairs that are drawn; of more, the most and the least alike. */
const PAIRS = 72;

// How the matrix is shown holds for all methods, so that they can be compared.
const settings: Settings = { order: "tree", measure: "", colour: "mean", stretched: false };

export interface Shown {
  node: HTMLElement;
  agree: Agree;
  /** give the keyboard back to the matrix */
  focus(): void;
  stop(): void;
}

/** Make the panel of a method within an element. */
export function showPanel(root: HTMLElement, method: number, agree: Agree): Shown {
  root.innerHTML = agree.html; // made by our own templates, which escape every value
  const node = root.firstElementChild as HTMLElement;
  const stem = slug(agree.label);
  const link = linked((a, b) => go("agree", method, agree.models[a], agree.models[b]));
  const slot = (name: string): HTMLElement | null => node.querySelector(`[data-drawing="${name}"]`);
  let matrix: Matrix | null = null;
  let width = 0;

  const draw = (): void => {
    link.clear();
    drawMatrixIn(slot("matrix"));
    if (agree.map) {
      const plane = agree.map;
      put(slot("map"), (room) => {
        const drawing = drawMap(agree, plane, room, link);
        link.add(drawing);
        const note = `Ellipses: where ${Math.round(100 * plane.level)} % of ${plane.resamples.toLocaleString("en")} resamples of the images put a model. Stress ${fixed(plane.stress, 2)} (above 0.2 is poor). The signs of the axes mean nothing.`;
        return [drawing.svg, groupKey(agree), note, "map", "Map of the models", () => mapTable(agree, plane)];
      });
    }
    const charts: [string, Chart | undefined, string][] = [
      ["ladder", agree.charts.ladder, "Ladder of similarity"],
      ["consensus", agree.charts.consensus, "Similarity to the consensus"],
      ["properties", agree.charts.properties, "Properties of the images"],
    ];
    for (const [name, chart, about] of charts) {
      if (!chart) continue;
      put(slot(name), (room) => {
        const drawing = dots(chart, room, name === "ladder" ? { step: 26 } : {});
        return [drawing.svg, keyOf(chart, name === "consensus"), "", name, about, () => dotsTable(chart)];
      });
    }
    put(slot("pairs"), (room) => {
      const measure = agree.measures[0];
      const [chart, left] = pairChart(agree, measure);
      const columns = room > 900 && chart.rows.length > 12 ? 2 : 1;
      const open = ({ pair }: { pair?: [number, number] }): void => pair && link.open(...pair);
      const drawing = dots(chart, room, { step: 19, columns, open });
      const note = left ? `The ${PAIRS / 2} most and the ${PAIRS / 2} least alike; ${left.toLocaleString("en")} pairs between them are in the table.` : "";
      return [drawing.svg, keyOf(chart, false), note, "pairs", "Every pair", () => pairsTable(agree, measure)];
    });
    const choices = agree.choices;
    if (choices) {
      put(slot("choices"), (room) => {
        const note = `${choices.universes.length} combinations of choices, sorted by ANOSIM's R. Significant: p up to ${choices.alpha} after Holm's correction for the two tests, not for the number of combinations.`;
        return [drawChoices(choices, Math.max(room, 340)), null, note, "choices", "Specification curve", () => choicesTable(choices)];
      });
    }
  };

  function dots(chart: Chart, room: number, options: Options): DotChart {
    const drawing = drawDots(chart, room, link, options);
    link.add(drawing);
    return drawing;
  }

  type Made = [SVGSVGElement, Element | null, string, string, string, () => Table];

  function put(place: HTMLElement | null, make: (room: number) => Made): void {
    if (!place) return;
    const [svg, key, note, name, about, table] = make(Math.max(280, place.clientWidth));
    place.replaceChildren(
      h(
        "figure",
        { class: "plot" },
        key,
        h("div", { class: "scroller" }, svg),
        h("figcaption", {}, note && h("span", {}, note), files(`${stem}-${name}`, `${about} under ${agree.label}`, () => svg, table)),
      ),
    );
  }

  function drawMatrixIn(place: HTMLElement | null): void {
    if (!place) return;
    const measure = agree.measures.find((one) => one.key === settings.measure) ?? agree.measures[0];
    const orders = ordersOf(agree);
    const order = orders.find((one) => one.key === settings.order) ?? orders[0];
    const drawing = drawMatrix(agree, measure, settings, order, Math.max(280, place.clientWidth), link);
    matrix = drawing;
    link.add(drawing);
    const again = (): void => drawKeepingFocus(place);
    const menu = (id: string, label: string, entries: [string, string][], value: string, choose: (value: string) => void): HTMLElement => {
      const select = h("select", { id: `matrix-${id}` }, ...entries.map(([key, words]) => h("option", { value: key, selected: key === value }, words)));
      select.addEventListener("change", () => choose(select.value));
      return h("label", {}, label, select);
    };
    const colours: [Colour, string][] = [["mean", "similarity"], ["above", "above chance floor"], ["calibrated", "calibrated: chance 0, ceiling 1"]]; // prettier-ignore
    const tools = h(
      "div",
      { class: "tools" },
      menu("order", "order", orders.map((one) => [one.key, one.label]), order.key, (value) => {
        settings.order = value;
        drawing.arrange(orders.find((one) => one.key === value)!);
        caption.replaceChildren(note());
      }),
      menu("colour", "colour", colours, settings.colour, (value) => {
        settings.colour = value as Colour;
        again();
      }),
      agree.measures.length > 1
        ? menu("measure", "measure", agree.measures.map((one) => [one.key, one.label]), measure.key, (value) => {
            settings.measure = value;
            again();
          })
        : null,
      menu("span", "scale", [["floor", "chance to identical"], ["shown", "values shown"]], settings.stretched ? "shown" : "floor", (value) => {
        settings.stretched = value === "shown";
        again();
      }),
    ); // prettier-ignore
    const note = (): string =>
      settings.order === "tree" && agree.tree
        ? `On branches: AU/BP, the support by the images in per cent; bold from 95.${measure === agree.measures[0] ? "" : ` The tree is that of ${agree.measures[0].label}.`}`
        : "";
    const caption = h("span", {}, note());
    place.replaceChildren(
      tools,
      h(
        "figure",
        { class: "plot" },
        groupKey(agree),
        h("div", { class: "scroller" }, drawing.svg),
        h("figcaption", {}, caption, files(`${stem}-matrix`, `Matrix under ${agree.label}`, drawing.forPaper, () => pairsTable(agree, measure))),
      ),
    );
  }

  function drawKeepingFocus(place: HTMLElement): void {
    const id = document.activeElement?.id;
    draw();
    if (id) place.querySelector<HTMLElement>(`#${CSS.escape(id)}`)?.focus({ preventScroll: true });
  }

  width = root.clientWidth;
  draw();
  fillScenes(node, method, agree);
  fillTable(node.querySelector("[data-table='pairs']"), agree);
  const watcher = new ResizeObserver(() => {
    if (!root.clientWidth || Math.abs(root.clientWidth - width) < 4) return;
    width = root.clientWidth;
    draw();
  });
  watcher.observe(root);
  addEventListener("themechange", draw);
  const stop = (): void => {
    watcher.disconnect();
    removeEventListener("themechange", draw);
  };
  return { node, agree, focus: () => matrix?.focus(), stop };
}

/** Every pair as a row of a chart, and how many are left out between the most and the least alike. */
export function pairChart(agree: Agree, measure: Measure): [Chart, number] {
  const all = pairsOf(agree, measure);
  const left = Math.max(0, all.length - PAIRS);
  const shown = left ? [...all.slice(0, PAIRS / 2), ...all.slice(-PAIRS / 2)] : all;
  const known = (value: number | null): number | undefined => value ?? undefined;
  const rows = shown.map((pair: Pair) => ({
    label: `${agree.sets[pair.a]} – ${agree.sets[pair.b]}`,
    look: pair.relation?.[0] ?? "unknown",
    value: known(pair.mean),
    low: known(pair.low),
    high: known(pair.high),
    floor: known(pair.floor),
    ceiling: known(pair.ceiling),
    note: [pair.relation?.[1], pair.n === null ? "" : `N = ${pair.n}`].filter(Boolean).join(", "),
    pair: [pair.a, pair.b] as [number, number],
  })) as Chart["rows"];
  return [{ name: `Every pair of models under ${agree.label}`, head: measure.label, rows, within: null, zero: false }, left];
}

/** The groups of models with their marks; null where nothing is known of them. */
function groupKey(agree: Agree): HTMLElement | null {
  if (!agree.group) return null;
  return h("p", { class: "legend" }, ...agree.groups.map((name, i) => h("span", {}, markIcon(lookOf(i)), name)));
}

/** What the marks and lines of a chart mean. */
function keyOf(chart: Chart, grouped: boolean): HTMLElement {
  const some = (name: "floor" | "ceiling" | "low"): boolean => chart.rows.some((row) => row[name] !== undefined);
  const relations = new Map<string, string>();
  if (!grouped && chart.rows.some((row) => row.pair)) {
    for (const row of chart.rows) relations.set(row.look, row.note?.split(", N =")[0] ?? "");
  }
  return h(
    "p",
    { class: "legend" },
    ...[...relations].filter(([, words]) => words && !words.startsWith("N =")).map(([look, words]) => h("span", {}, markIcon(look), words)),
    some("low") && h("span", {}, h("i", { class: "line-icon" }), "95 % interval over images"),
    some("floor") && h("span", {}, h("i", { class: "floor-icon" }), "chance floor"),
    some("ceiling") && h("span", {}, h("i", { class: "floor-icon ceiling" }), "ceiling: two seeds of one network"),
  );
}

// Many rows: made when they are asked for.
function fillTable(details: HTMLDetailsElement | null, agree: Agree): void {
  details?.addEventListener("toggle", () => {
    if (!details.open || details.querySelector("table")) return;
    const heads = ["models", "mean", "95 % interval", "median", "sd", "floor", "images", "above chance"];
    const body = pairsOf(agree, agree.measures[0]).map((pair) => {
      const chance = pair.low !== null && pair.floor !== null && pair.low <= pair.floor;
      const cells = [fixed(pair.mean, 3), between(pair.low, pair.high), fixed(pair.median, 3), fixed(pair.sd, 3), fixed(pair.floor, 3), String(pair.n ?? "–")];
      return h("tr", { class: chance ? "chance" : "" }, h("th", { scope: "row" }, `${agree.sets[pair.a]} – ${agree.sets[pair.b]}`),
        ...cells.map((text) => h("td", { class: "n" }, text)), h("td", {}, chance ? "no" : "yes")); // prettier-ignore
    });
    details.append(
      h("div", { class: "scroller tall", tabindex: 0, role: "region", "aria-label": `Pairs of models under ${agree.label}` },
        h("table", { class: "numbers" }, h("thead", {}, h("tr", {}, ...heads.map((head, i) => h("th", { scope: "col", class: i && i < 7 ? "n" : "" }, head)))), h("tbody", {}, ...body))),
    ); // prettier-ignore
  });
}

/** The positions of two models among the sets of a method; null where one of them is not compared. */
export function setsOf(agree: Agree, models: [number, number]): [number, number] | null {
  const [a, b] = models.map((model) => agree.models.indexOf(model));
  return a < 0 || b < 0 || a === b || !data.models[models[0]] ? null : [a, b];
}
