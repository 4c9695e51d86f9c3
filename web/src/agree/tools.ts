// The menus of the matrix: order, colour, measure and scale.
import { h } from "../core/dom.js";
import { menu } from "../core/fields.js";
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
    { class: "controls" },
    menu("matrix-order", "order", orders.map((one) => [one.key, one.label]), shown.order, (value) => {
      settings.order = value;
      arrange(orders.find((one) => one.key === value)!);
    }),
    menu("matrix-colour", "colour", COLOURS, settings.colour, (value) => {
      settings.colour = value as Colour;
      redraw();
    }),
    measures.length > 1 &&
      menu("matrix-measure", "measure", measures, shown.measure, (value) => {
        settings.measure = value;
        redraw();
      }),
    menu("matrix-scale", "scale", SCALES, settings.stretched ? "shown" : "floor", (value) => {
      settings.stretched = value === "shown";
      redraw();
    }),
  ); // prettier-ignore
}
