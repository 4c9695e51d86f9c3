// What kinds of concepts the units of each layer detect, from the first layer to the last: one stacked bar a layer.
import { s } from "../core/dom.js";
import { clipped, widthOf } from "../core/letters.js";
import type { Table } from "../core/saves.js";
import { tip, untip } from "../core/tip.js";
import { whole } from "../core/words.js";
import { category, conceptName, units, type Layer } from "./data.js";
import { CATEGORIES, lookOf } from "./words.js";

const [ROW, BAR, TITLE, FONT] = [24, 15, 28, 12];
const OTHER = "other";
const NONE = "no label";

interface Counted {
  model: string;
  layer: Layer;
  /** units by kind, in the order of the bar; those without a label last */
  kinds: [string, number][];
  unique: number;
}

function kindOf(concept: number): string {
  return concept < 0 ? NONE : category(concept) || OTHER;
}

function counted(score: string): Counted[] {
  return units.models.flatMap((model) =>
    model.layers.flatMap((layer): Counted[] => {
      const labels = layer.labels.find((one) => one.score === score);
      if (!labels) return [];
      const counts = new Map<string, number>();
      for (const best of labels.best) counts.set(kindOf(best), (counts.get(kindOf(best)) ?? 0) + 1);
      const order = [...Object.keys(CATEGORIES), ...[...counts.keys()].filter((name) => !(name in CATEGORIES) && name !== OTHER && name !== NONE), OTHER, NONE];
      const unique = new Set(labels.best.filter((best) => best >= 0).map(conceptName)).size;
      return [{ model: model.label, layer, kinds: order.flatMap((name): [string, number][] => (counts.has(name) ? [[name, counts.get(name)!]] : [])), unique }];
    }),
  );
}

// In the order of the bars; those without a label last.
function kindsOf(all: Counted[]): string[] {
  const there = new Set(all.flatMap((one) => one.kinds.map(([name]) => name)));
  const order = [...Object.keys(CATEGORIES), ...there].filter((name) => there.has(name) && name !== OTHER && name !== NONE);
  return [...new Set([...order, ...[OTHER, NONE].filter((name) => there.has(name))])];
}

/** How a kind is called: where no concept has a category, all that are labelled are of one kind. */
function words(name: string, plain: boolean): string {
  return name === OTHER ? (plain ? "labelled" : "other or unknown") : name;
}

/** Draw the bars for a way of labelling. */
export function drawDepth(score: string, width: number): SVGSVGElement {
  const all = counted(score);
  const plain = units.concepts.every(([, kind]) => !kind);
  const models = [...new Set(all.map((one) => one.model))];
  const names = Math.min(Math.max(40, ...all.map((one) => widthOf(one.layer.name, FONT))) + 14, width * 0.3);
  const note = (one: Counted): string => `${whole(one.unique)} concepts`;
  const aside = Math.max(0, ...all.map((one) => widthOf(note(one), FONT))) + 14;
  const [from, to] = [names, Math.max(names + 60, width - aside)];
  const kinds = kindsOf(all);
  const keyRows = layOut(kinds.map((name) => words(name, plain)), width);
  const top = 22 * (1 + Math.max(0, ...keyRows.map((key) => key.row))) + 4;
  const height = top + models.length * TITLE + all.length * ROW + 26;
  const svg = s("svg", { class: "drawing unit-depth", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": sentence(all, plain) });
  kinds.forEach((name, i) => {
    const { x, row } = keyRows[i];
    svg.append(
      s("rect", { class: `part-of ${lookOfKind(name)}`, x, y: row * 22 + 3, width: 12, height: 12 }),
      s("text", { class: "tick", x: x + 17, y: row * 22 + 13 }, words(name, plain)),
    );
  });
  let y = top;
  for (const model of models) {
    svg.append(s("text", { class: "bar-title", x: 0, y: y + 18 }, clipped(model, width, FONT)));
    y += TITLE;
    for (const one of all.filter((each) => each.model === model)) {
      svg.append(bar(one, y, from, to, width, names, note(one), plain));
      y += ROW;
    }
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const x = from + share * (to - from);
    svg.append(s("text", { class: "tick", x, y: y + 15, "text-anchor": share === 0 ? "start" : "middle" }, `${100 * share} %`));
  }
  return svg;
}

function lookOfKind(name: string): string {
  return name === NONE ? "without" : lookOf(name);
}

function bar(one: Counted, y: number, from: number, to: number, width: number, names: number, note: string, plain: boolean): SVGGElement {
  const total = one.kinds.reduce((sum, [, number]) => sum + number, 0);
  const node = s("g", {}, s("text", { x: names - 8, y: y + 13, "text-anchor": "end" }, clipped(one.layer.name, names - 10, FONT)));
  let x = from;
  for (const [name, number] of one.kinds) {
    const wide = ((to - from) * number) / total;
    const rect = s("rect", { class: `part-of ${lookOfKind(name)}`, x, y: y + 2, width: Math.max(0, wide - 1), height: BAR });
    rect.addEventListener("pointermove", (event) =>
      tip(event.clientX, event.clientY, `${one.model}, ${one.layer.name}`, `${words(name, plain)}: ${whole(number)} of ${whole(total)} units (${Math.round((100 * number) / total)} %)`),
    );
    rect.addEventListener("pointerleave", untip);
    node.append(rect);
    if (name !== NONE && wide > widthOf(String(number), 11) + 8) node.append(s("text", { class: "bar-number", x: x + 5, y: y + 14 }, String(number)));
    x += wide;
  }
  node.append(s("text", { class: "tick", x: width - 2, y: y + 13, "text-anchor": "end" }, note));
  return node;
}

function layOut(texts: string[], width: number): { x: number; row: number }[] {
  let [x, row] = [0, 0];
  return texts.map((text) => {
    const wide = 17 + widthOf(text, 11) + 18;
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
    const place = { x, row };
    x += wide;
    return place;
  });
}

function sentence(all: Counted[], plain: boolean): string {
  return `Kinds of concepts by layer: ${all.map((one) => `${one.model}, ${one.layer.name}: ${one.kinds.map(([name, number]) => `${words(name, plain)} ${number}`).join(", ")}`).join("; ")}`;
}

/** The numbers behind the bars. */
export function depthTable(score: string): Table {
  const all = counted(score);
  const kinds = kindsOf(all);
  return [
    ["model", "layer", "depth", "units", "different concepts", ...kinds],
    ...all.map((one) => [
      one.model, one.layer.name, one.layer.depth, one.layer.units, one.unique,
      ...kinds.map((name) => one.kinds.find(([other]) => other === name)?.[1] ?? 0),
    ]),
  ]; // prettier-ignore
}
