// Which units are shown, in which order: what is searched for, chosen and sorted.
import { conceptName, layerOf, labelsOf, units, type Labels, type Unit } from "./data.js";

export const KINDS = [
  ["all", "all units"],
  ["labelled", "with a label"],
  ["none", "without a label"],
  ["polysemantic", "polysemantic"],
  ["twins", "with a twin"],
  ["dead", "dead"],
] as const;
export type Kind = (typeof KINDS)[number][0];

export const ORDERS = [
  ["score", "score"],
  ["auc", "confidence (AUC)"],
  ["concept", "concept"],
  ["unit", "layer and unit"],
] as const;
export type Order = (typeof ORDERS)[number][0];

export interface Choice {
  search: string;
  score: string;
  /** position of a model, or null for all */
  model: number | null;
  /** name of a layer, or nothing for all */
  layer: string;
  kind: Kind;
  order: Order;
}

function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " ");
}

/** Whether a concept is what is searched for: by its name, or by its singular. */
export function matches(concept: number, search: string): boolean {
  const wanted = folded(search);
  if (!wanted) return true;
  if (concept < 0) return false;
  const [name, , singular] = units.concepts[concept]!;
  const within = (text: string): boolean => ` ${folded(text)}`.replace(/[^\p{L}\p{N}]+/gu, " ").includes(` ${wanted.replace(/[^\p{L}\p{N}]+/gu, " ")}`);
  return within(name) || within(singular) || folded(name).startsWith(wanted) || folded(singular) === wanted.replace(/s$/, "");
}

function isExact(concept: number, search: string): boolean {
  if (concept < 0) return false;
  const [name, , singular] = units.concepts[concept]!;
  return folded(name) === folded(search) || folded(singular) === folded(search);
}

function isKind(one: Unit, labels: Labels | null, kind: Kind): boolean {
  const { unit } = one;
  if (kind === "all") return true;
  if (kind === "dead") return layerOf(one).dead.includes(unit);
  if (!labels) return kind === "none";
  if (kind === "labelled") return labels.best[unit]! >= 0;
  if (kind === "none") return labels.best[unit]! < 0;
  if (kind === "twins") return labels.twin[unit]! >= 0;
  return labels.clusters[unit]! > 1;
}

/** The units that a choice shows, in its order. What is exactly searched for comes first. */
export function found(choice: Choice): Unit[] {
  const all: { one: Unit; best: number; value: number; auc: number }[] = [];
  units.models.forEach((model, m) => {
    if (choice.model !== null && choice.model !== m) return;
    model.layers.forEach((layer, l) => {
      if (choice.layer && layer.name !== choice.layer) return;
      const labels = labelsOf({ model: m, layer: l, unit: 0 }, choice.score);
      for (let unit = 0; unit < layer.units; unit++) {
        const one = { model: m, layer: l, unit };
        const best = labels?.best[unit] ?? -1;
        if (!isKind(one, labels, choice.kind) || !matches(best, choice.search)) continue;
        all.push({ one, best, value: labels?.value[unit] ?? -Infinity, auc: labels?.auc[unit] ?? -Infinity });
      }
    });
  });
  const named = (best: number): number => (best < 0 ? 1 : 0);
  const exact = (best: number): number => (choice.search && isExact(best, choice.search) ? 0 : 1);
  all.sort((a, b) => {
    const first = exact(a.best) - exact(b.best);
    if (first || choice.order === "unit") return first;
    const without = named(a.best) - named(b.best);
    if (without) return without;
    if (choice.order === "score") return b.value - a.value;
    if (choice.order === "auc") return b.auc - a.auc || b.value - a.value;
    return conceptName(a.best).localeCompare(conceptName(b.best), "en") || b.value - a.value;
  });
  return all.map(({ one }) => one);
}

/** How many of some units each model has, in words; one model needs none. */
export function countByModel(shown: readonly Unit[]): string {
  if (units.models.length < 2) return "";
  const counts = units.models.map((model, m) => `${model.label} ${shown.filter((one) => one.model === m).length}`);
  return counts.join(", ");
}

/** All concepts that some unit has by a way of labelling, with how many units have each, the most frequent first. */
export function conceptCounts(score: string): [string, number][] {
  const counts = new Map<string, number>();
  units.models.forEach((model, m) =>
    model.layers.forEach((_, l) => {
      for (const best of labelsOf({ model: m, layer: l, unit: 0 }, score)?.best ?? []) {
        if (best >= 0) counts.set(conceptName(best), (counts.get(conceptName(best)) ?? 0) + 1);
      }
    }),
  );
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0], "en"));
}
