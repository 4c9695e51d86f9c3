// What the colours of the heat map mean.
import { h } from "../core/dom.js";
import { MISSING } from "./data.js";
import { css } from "./palette.js";
import type { Acts, Shown } from "./shown.js";

/** More classes than these are not all named. */
const MOST = 24;

export function legendOf(shown: Shown, acts: Acts): HTMLElement {
  const { run, state, colours, cells } = shown;
  const chip = (colour: string, words: string): HTMLElement => h("span", {}, h("i", { class: "chip", "--chip": colour }), words);
  if (state.colouring === "right" && run.labelled) return h("p", { class: "class-legend" }, chip(css(cells[1]), "right"), chip(css(cells[0]), "wrong"));
  const counts = new Float64Array(run.classes.length);
  const said = run.predictions[shown.range[1]];
  for (let i = 0; said && i < run.images; i++) if (said[i] !== MISSING) counts[said[i]]++;
  const order = [...run.classes.keys()];
  const named = order.length > MOST ? order.sort((a, b) => counts[b] - counts[a]).slice(0, MOST) : order;
  const parts = named.map((one) =>
    h(
      "button",
      { type: "button", class: "class-chip", "aria-pressed": String(state.truth === one), title: "Show this true class alone", onclick: () => acts.change({ truth: state.truth === one ? null : one }) },
      h("i", { class: "chip", "--chip": css(colours[one]) }),
      run.classes[one],
    ),
  );
  const rest = order.length > named.length && h("span", { class: "quiet" }, `and ${run.classes.length - named.length} more; classes that are taken for each other have like hues`);
  const right = state.colouring === "errors" && run.labelled && chip(css(cells[1]), "predicted rightly");
  return h("p", { class: "class-legend" }, ...parts, rest, right);
}
