// The menus of the matrix: order, colour, measure and scale.
import { h } from "../core/dom.js";
import type { Agree } from "./data.js";
import type { Order } from "./order.js";
import type { Colour, Settings } from "./tone.js";

const COLOURS: [Colour, string][] = [
  ["mean", "similarity"], ["above", "above chance floor"], ["calibrated", "calibrated: chance 0, ceiling 1"],
]; // prettier-ignore
const SCALES: [string, string][] = [
  ["floor", "chance to identical"],
  ["shown", "values shown"],
];

function menu(name: string, entries: [string, string][], value: string, choose: (value: string) => void): HTMLElement {
  const options = entries.map(([key, words]) => h("option", { value: key, selected: key === value }, words));
  const select = h("select", { id: `matrix-${name}` }, ...options);
  select.addEventListener("change", () => choose(select.value));
  return h("label", {}, name, select);
}

/** Menus that write into the settings; `arrange` is called for another order, `redraw` for anything else. */
export function matrixTools(
  agree: Agree,
  settings: Settings,
  orders: Order[],
  shown: { order: string; measure: string },
  arrange: (order: Order) => void,
  redraw: () => void,
): HTMLElement {
  const measures = agree.measures.map((one): [string, string] => [one.key, one.label]);
  return h(
    "div",
    { class: "tools" },
    menu("order", orders.map((one) => [one.key, one.label]), shown.order, (value) => {
      settings.order = value;
      arrange(orders.find((one) => one.key === value)!);
    }),
    menu("colour", COLOURS, settings.colour, (value) => {
      settings.colour = value as Colour;
      redraw();
    }),
    measures.length > 1 &&
      menu("measure", measures, shown.measure, (value) => {
        settings.measure = value;
        redraw();
      }),
    menu("scale", SCALES, settings.stretched ? "shown" : "floor", (value) => {
      settings.stretched = value === "shown";
      redraw();
    }),
  ); // prettier-ignore
}
