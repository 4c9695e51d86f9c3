// What is said of a unit: its label, how good that is, what is odd of it.
import { h } from "../core/dom.js";
import { fixed, number } from "../core/words.js";
import { category, conceptName, labelsOf, layerOf, units, type Unit } from "./data.js";

/** Categories from the pixels to the answer, with the colour that each has everywhere on the page. */
export const CATEGORIES: Record<string, string> = {
  color: "c4", texture: "c3", material: "c2", part: "c5", object: "c0", scene: "c1",
}; // prettier-ignore

export function lookOf(name: string): string {
  return CATEGORIES[name] ?? "c6";
}

export interface Said {
  label: string;
  category: string;
  /** why it has no label */
  why: string;
  score: string;
  sure: string;
  marks: string[];
}

/** A p-value, or one after correction. */
export function chance(q: number): string {
  return q < 0.001 ? "<\u202f.001" : fixed(q, q < 0.1 ? 3 : 2).replace(/^0/, "");
}

/** Everything that stands on a unit's card. */
export function saidOf(one: Unit, score: string): Said {
  const labels = labelsOf(one, score);
  const { unit } = one;
  const best = labels ? labels.best[unit] : -1;
  const dead = layerOf(one).dead.includes(unit);
  const marks = [];
  if (labels && labels.clusters[unit] > 1) marks.push(`polysemantic: ${labels.clusters[unit]} groups`);
  if (labels && labels.twin[unit] >= 0) marks.push(`twin of ${labels.twin[unit]}`);
  const value = labels?.value[unit] ?? null;
  const auc = labels?.auc[unit] ?? null;
  const q = labels?.q[unit] ?? null;
  return {
    label: conceptName(best),
    category: category(best),
    why: best >= 0 ? "" : dead ? "dead" : (labels ? labels.reasons[labels.why[unit]] : "") || "not labelled",
    score: value === null ? "" : `score ${number(value)}`,
    sure: [auc === null ? "" : `AUC ${fixed(auc).replace(/^0/, "")}`, q === null ? "" : `q ${chance(q)}`].filter(Boolean).join(" · "),
    marks,
  };
}

/** Where a unit is. */
export function placeOf(one: Unit): string {
  const model = units.models.length > 1 ? `${units.models[one.model].label} · ` : "";
  return `unit ${one.unit} · ${model}${layerOf(one).name}`;
}

/** A mark in the colour of a category; its name stands beside it or in its title. */
export function swatch(name: string): HTMLElement {
  return h("i", { class: `kind ${lookOf(name)}`, title: name, "aria-hidden": "true" });
}
