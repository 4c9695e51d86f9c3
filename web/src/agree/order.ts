// Orders of the models: by the tree, by family, by what is known of them.
import { data } from "../core/data.js";
import type { Agree } from "./data.js";

export interface Order {
  key: string;
  label: string;
  sets: number[];
  /** the fact behind it, by set */
  values: (number | string | null)[] | null;
}

function ranked(count: number, compare: (a: number, b: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => i).sort((a, b) => compare(a, b) || a - b);
}

/** The orders that there are for these models, the first one the most telling. */
export function ordersOf(agree: Agree): Order[] {
  const count = agree.sets.length;
  const found: Order[] = [];
  if (agree.tree && agree.tree.leaves.length > 2) {
    const leaves = agree.tree.order.map((leaf) => agree.tree!.leaves[leaf]);
    const others = agree.sets.map((_, i) => i).filter((set) => !leaves.includes(set));
    found.push({ key: "tree", label: "dendrogram", sets: [...leaves, ...others], values: null });
  }
  const group = agree.group;
  if (group && agree.groups.length > 1) {
    found.push({ key: "family", label: agree.by, sets: ranked(count, (a, b) => group[a] - group[b]), values: null });
  }
  const names = new Set(agree.models.flatMap((model) => Object.keys(data.models[model]?.facts ?? {})));
  for (const name of names) {
    const values = agree.models.map((model) => data.models[model]?.facts[name] ?? null);
    const known = new Set(values.filter((value) => value !== null));
    if (known.size < 2) continue;
    const of = (set: number): number => (typeof values[set] === "number" ? values[set] : -Infinity);
    const compare = (a: number, b: number): number => (of(b) === of(a) ? 0 : of(b) > of(a) ? 1 : -1);
    found.push({ key: name, label: name, sets: ranked(count, compare), values });
  }
  const byName = ranked(count, (a, b) => agree.sets[a].localeCompare(agree.sets[b], "en", { numeric: true }));
  found.push({ key: "name", label: "name", sets: byName, values: null });
  found.push({ key: "study", label: "study", sets: ranked(count, () => 0), values: null });
  return found;
}
