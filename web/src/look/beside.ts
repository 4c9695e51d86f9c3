// The map that stands against the one that is open, and the menus that choose it.
import { COMPARISONS, type Comparison } from "../core/comparing.js";
import { data } from "../core/data.js";
import type { Child } from "../core/dom.js";
import { menu } from "../core/fields.js";
import type { Column } from "./images.js";
import { look, set } from "./state.js";

/** The map that stands against the one that is open: another model's, or where there is none, another method's. */
export function besideOf(): Column {
  const { beside, open, method } = look();
  const model = open?.[1] ?? 0;
  if (beside) return { model: beside[0], method: beside[1] };
  if (data.models.length > 1) return { model: (model + 1) % data.models.length, method };
  return { model, method: (method + 1) % data.methods.length };
}

/** The ways in which two maps can be held against each other here. */
export function comparisons(): readonly Comparison[] {
  return data.models.length * data.methods.length > 1 ? COMPARISONS : COMPARISONS.slice(0, 1);
}

/** Menus of the model and the method of the second map. */
export function besideMenus(): Child[] {
  const { model, method } = besideOf();
  const choices = (all: readonly { label: string }[]): [string, string][] => all.map((one, i) => [String(i), one.label]);
  const models = data.models.length > 1;
  return [
    models && menu("b-model", "with", choices(data.models), String(model), (value) => set({ beside: [Number(value), besideOf().method] })),
    data.methods.length > 1 &&
      menu("b-method", models ? "by" : "with", choices(data.methods), String(method), (value) => set({ beside: [besideOf().model, Number(value)] })),
  ];
}
