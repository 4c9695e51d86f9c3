// Class flow: how many images were said to be of which class at some epochs, and where they went from one to the next.
import { h, s } from "../core/dom.js";
import { saves } from "../core/saves.js";
import { tip, untip } from "../core/tip.js";
import { percent, whole } from "../core/words.js";
import { flowOf, type Flow, type Stream } from "./confusion.js";
import { MISSING, type Run } from "./data.js";
import { css } from "./palette.js";
import { placeOf } from "./rows.js";
import type { Acts, Shown } from "./shown.js";

const HEIGHT = 360;
const TOP = 24;
const BAR = 14;
const GAP = 5;
/** More classes than these are put together as others. */
const MOST = 14;

export interface FlowView {
  element: HTMLElement;
  update(shown: Shown): void;
}

/** Some epochs across a range: few at its beginning, where most changes, and the last. */
export function stagesOf(run: Run, range: readonly [number, number], wanted: readonly number[], most: number): number[] {
  const [from, to] = range;
  if (wanted.length > 1) return [...new Set(wanted.map((epoch) => placeOf(run, epoch, to)))].sort((a, b) => a - b);
  const count = Math.min(most, to - from + 1);
  if (count < 2) return [from];
  return [...new Set(Array.from({ length: count }, (_, i) => from + Math.round((to - from) * (i / (count - 1)) ** 1.6)))];
}

export function makeFlow(acts: Acts): FlowView {
  const root = h("div", { class: "flow-root" });
  const input = h("input", { type: "text", id: "flow-stages", inputmode: "numeric", size: 18, placeholder: "chosen by itself" });
  let drawing = s("svg", {});
  let now: Shown | null = null;
  let last: { flow: Flow; stages: number[]; names: string[] } | null = null;
  input.addEventListener("change", () => {
    const asked = input.value.split(/[^\d.-]+/).filter(Boolean).map(Number).filter(Number.isFinite);
    acts.change({ stages: asked });
  });
  const tools = saves("class-flow", "the class flow", () => drawing, () => table(last, now));
  const head = h("div", { class: "flow-head" }, h("label", { class: "menu", for: "flow-stages" }, h("span", {}, "epochs"), input), tools);
  const element = h("section", { class: "flow-panel" }, h("h3", {}, "Class flow"), head, root);

  function update(shown: Shown): void {
    now = shown;
    const width = Math.max(260, element.clientWidth || 480);
    const stages = stagesOf(shown.run, shown.range, shown.state.stages, width < 420 ? 4 : 6);
    if (document.activeElement !== input) input.value = stages.map((place) => shown.run.epochs[place]).join(", ");
    const { keys, names, colours } = grouped(shown, stages);
    const values = stages.map((place) => keyed(shown.run.predictions[place] ?? new Uint16Array(), keys));
    const flow = flowOf(shown.rows.order, values, names.length, shown.found);
    last = { flow, stages, names };
    drawing = draw(shown, flow, stages, names, colours, keys, width, acts);
    root.replaceChildren(drawing);
  }

  return { element, update };
}

// Classes as what stands for them; predictions themselves where that is the same.
function keyed(said: Uint16Array, keys: readonly number[]): Uint16Array {
  if (keys.length <= MOST) return said;
  const found = new Uint16Array(said.length);
  for (let i = 0; i < said.length; i++) found[i] = keys[said[i]] ?? MISSING;
  return found;
}

// Which classes stand for themselves; the rare ones are one together.
function grouped(shown: Shown, stages: number[]): { keys: number[]; names: string[]; colours: string[] } {
  const { classes, predictions } = shown.run;
  if (classes.length <= MOST) return { keys: classes.map((_, i) => i), names: [...classes], colours: shown.colours.map(css) };
  const counts = new Float64Array(classes.length);
  const said = predictions[stages[stages.length - 1]] ?? [];
  for (const image of shown.rows.order) if (said[image] !== MISSING) counts[said[image]]++;
  const order = [...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, MOST - 1);
  const keys = classes.map((_, i) => (order.includes(i) ? order.indexOf(i) : MOST - 1));
  return { keys, names: [...order.map((i) => classes[i]), `${classes.length - MOST + 1} others`], colours: [...order.map((i) => css(shown.colours[i])), "var(--quiet)"] };
}

function draw(shown: Shown, flow: Flow, stages: number[], names: string[], colours: string[], keys: number[], width: number, acts: Acts): SVGSVGElement {
  const total = Math.max(1, ...flow.stages.map((stage) => stage.reduce((sum, node) => sum + node.count, 0)));
  const present = Math.max(1, ...flow.stages.map((stage) => stage.filter((node) => node.count).length));
  const scale = (HEIGHT - TOP - GAP * (present - 1) - 4) / total;
  const room = Math.min(96, width * 0.2);
  const x = (k: number): number => (stages.length > 1 ? (k * (width - room - BAR)) / (stages.length - 1) : 0);
  const svg = s("svg", { class: `drawing flow${shown.found ? " picking" : ""}`, width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "group", "aria-label": `Flow of predicted classes over the epochs ${stages.map((place) => shown.run.epochs[place]).join(", ")}` });
  const tops = flow.stages.map((stage) => {
    let y = TOP;
    return stage.map((node) => {
      const top = y;
      if (node.count) y += node.count * scale + GAP;
      return top;
    });
  });
  flow.streams.forEach((streams, k) => {
    const [out, into] = [new Float64Array(names.length), new Float64Array(names.length)];
    const layer = s("g", { class: "streams" });
    for (const stream of streams) {
      const thick = stream.count * scale;
      const [y0, y1] = [tops[k][stream.from] + out[stream.from] * scale, tops[k + 1][stream.to] + into[stream.to] * scale];
      out[stream.from] += stream.count;
      into[stream.to] += stream.count;
      layer.append(band(shown, stream, [x(k) + BAR, x(k + 1), y0, y1, thick], colours[stream.from], stages[k], stages[k + 1], names, keys, acts));
    }
    svg.append(layer);
  });
  flow.stages.forEach((stage, k) => {
    svg.append(s("text", { class: "tick", x: x(k) + (k ? BAR : 0), y: 14, "text-anchor": k ? "end" : "start" }, `epoch ${shown.run.epochs[stages[k]]}`));
    stage.forEach((node) => {
      if (!node.count) return;
      const high = Math.max(1, node.count * scale);
      const rect = s("rect", { class: "node", x: x(k), y: tops[k][node.key], width: BAR, height: high, fill: colours[node.key] });
      rect.addEventListener("pointermove", (event) => tip(event.clientX, event.clientY, h("b", {}, names[node.key]), `${whole(node.count)} images at epoch ${shown.run.epochs[stages[k]]}, ${percent(node.count / total)}`));
      rect.addEventListener("pointerleave", untip);
      svg.append(rect);
      if (k === stages.length - 1 && high >= 9) svg.append(s("text", { class: "node-name", x: x(k) + BAR + 5, y: tops[k][node.key] + high / 2 + 4 }, names[node.key].length > 13 ? `${names[node.key].slice(0, 12)}…` : names[node.key]));
    });
  });
  return svg;
}

function band(shown: Shown, stream: Stream, [x0, x1, y0, y1, thick]: [number, number, number, number, number], colour: string, before: number, after: number, names: string[], keys: number[], acts: Acts): SVGGElement {
  const middle = (x0 + x1) / 2;
  const shape = (part: number): string =>
    `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}V${y1 + part}C${middle} ${y1 + part} ${middle} ${y0 + part} ${x0} ${y0 + part}Z`;
  const moved = stream.from !== stream.to;
  const group = s("g", { class: `stream${moved ? " moved" : ""}` }, s("path", { d: shape(Math.max(0.4, thick)), fill: colour }));
  if (stream.lit) group.append(s("path", { class: "lit-part", d: shape(Math.max(0.8, (thick * stream.lit) / stream.count)), fill: colour }));
  const { run } = shown;
  const said = `${names[stream.from]} → ${names[stream.to]}, epochs ${run.epochs[before]} to ${run.epochs[after]}: ${whole(stream.count)} images`;
  group.addEventListener("pointermove", (event) => tip(event.clientX, event.clientY, h("b", {}, `${names[stream.from]} → ${names[stream.to]}`), `${whole(stream.count)} images from epoch ${run.epochs[before]} to ${run.epochs[after]}`, shown.found && `${whole(stream.lit)} of them picked out`));
  group.addEventListener("pointerleave", untip);
  const [from, to] = [keys.indexOf(stream.from), keys.indexOf(stream.to)];
  const single = keys.lastIndexOf(stream.from) === from && keys.lastIndexOf(stream.to) === to;
  if (!single) return group;
  const open = (): void => acts.pick({ kind: "stream", before: run.epochs[before], after: run.epochs[after], from, to });
  group.setAttribute("role", "button");
  group.setAttribute("aria-label", said);
  if (moved && thick > 2) group.setAttribute("tabindex", "0");
  group.addEventListener("click", open);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    open();
  });
  return group;
}

function table(last: { flow: Flow; stages: number[]; names: string[] } | null, now: Shown | null): (string | number)[][] {
  const rows: (string | number)[][] = [["from epoch", "to epoch", "from class", "to class", "images"]];
  if (!last || !now) return rows;
  last.flow.streams.forEach((streams, k) => {
    for (const one of streams) rows.push([now.run.epochs[last.stages[k]], now.run.epochs[last.stages[k + 1]], last.names[one.from], last.names[one.to], one.count]);
  });
  return rows;
}
