// What marks and lines mean, in a line above a drawing.
import { h } from "../core/dom.js";
import type { Agree, Chart } from "./data.js";
import { lookOf, markIcon } from "./marks.js";

function entry(icon: Element, words: string): HTMLElement {
  return h("span", {}, icon, words);
}

/** The groups of models with their marks; null where there is nothing to explain. */
export function groupKey(agree: Agree, chance = false): HTMLElement | null {
  if (!agree.group && !chance) return null;
  return h(
    "p",
    { class: "legend" },
    ...groups(agree),
    chance && entry(h("i", { class: "chance-icon" }), "not above chance"),
  );
}

function groups(agree: Agree): HTMLElement[] {
  return agree.group ? agree.groups.map((name, i) => entry(markIcon(lookOf(i)), name)) : [];
}

/** The marks and lines of a chart: relations where its rows are pairs, groups where they are models. */
export function chartKey(agree: Agree, chart: Chart): HTMLElement {
  const some = (name: "floor" | "ceiling" | "low"): boolean => chart.rows.some((row) => row[name] !== undefined);
  const pairs = chart.rows.some((row) => row.pair);
  return h(
    "p",
    { class: "legend" },
    ...(pairs ? agree.relations.map(([look, words]) => entry(markIcon(look), words)) : []),
    ...(chart.rows.some((row) => row.set !== undefined) ? groups(agree) : []),
    some("low") && entry(h("i", { class: "line-icon" }), "95 % interval over images"),
    some("floor") && entry(h("i", { class: "floor-icon" }), "chance floor"),
    some("ceiling") && entry(h("i", { class: "floor-icon ceiling" }), "ceiling: two seeds of one network"),
  );
}
