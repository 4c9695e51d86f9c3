// What is said of the images of each class: a table of labels by predictions, of one model or of all together.
import { data, labelOf, shortName } from "../core/data.js";
import { h } from "../core/dom.js";
import { dressTables } from "../core/tables.js";

/** Columns and rows at most; the rest is counted together. */
const MOST = 24;
const OTHER = "other classes";

function counted(names: string[], model: number | null): Map<string, Map<string, number>> {
  const found = new Map(names.map((name) => [name, new Map<string, number>()]));
  const models = model === null ? data.models.map((_, m) => m) : [model];
  data.images.forEach((_, image) => {
    const row = found.get(labelOf(image));
    if (!row) return;
    for (const m of models) {
      const top = data.models[m]!.top[image]?.[0] ?? -1;
      if (top < 0) continue;
      const said = shortName(m, top);
      row.set(said, (row.get(said) ?? 0) + 1);
    }
  });
  return found;
}

// Of many classes, those that are most often called something else.
function confused(names: string[], chosen: string, model: number | null): string[] {
  const table = counted(names, model);
  const wrong = (name: string): number => [...table.get(name)!].reduce((sum, [said, n]) => sum + (said === name ? 0 : n), 0);
  const order = names.map((name) => [name, name === chosen ? Infinity : wrong(name)] as const);
  return order.sort((a, b) => b[1] - a[1]).slice(0, MOST / 2).map(([name]) => name); // prettier-ignore
}

/** The table of the classes around the one that is looked at, which always has a row where it is one. */
export function confusionTable(names: string[], chosen: string, model: number | null): HTMLElement {
  const rows = names.length <= MOST ? names : confused(names, chosen, model);
  const table = counted(rows, model);
  const said = new Map<string, number>();
  for (const row of table.values()) for (const [name, n] of row) if (!table.has(name)) said.set(name, (said.get(name) ?? 0) + n);
  const more = [...said].sort((a, b) => b[1] - a[1]).slice(0, Math.max(0, MOST - rows.length)).map(([name]) => name);
  const columns = [...rows, ...more];
  const known = new Set(columns);
  const rest = [...said.keys()].some((name) => !known.has(name));
  const heads = rest ? [...columns, OTHER] : columns;
  const body = rows.map((label) => {
    const counts = table.get(label)!;
    const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
    const cells = heads.map((name) => {
      const n = name === OTHER ? [...counts].reduce((sum, [said, n]) => sum + (known.has(said) ? 0 : n), 0) : (counts.get(name) ?? 0);
      const kind = n === 0 ? "zero" : name === label ? "same" : "not";
      return h("td", { class: `n ${kind}`, "--v": total ? Math.round((100 * n) / total) : 0, "data-value": n }, n || "·");
    });
    const head = h("th", { scope: "row", "aria-current": label === chosen ? "true" : null }, label);
    return h("tr", { class: label === chosen ? "chosen" : null }, head, ...cells);
  });
  const named = model === null ? "all-models" : data.models[model]!.label;
  const holder = h(
    "div",
    {},
    h(
      "div",
      { class: "scroller", tabindex: "0", role: "region", "aria-label": "Labels by predictions" },
      h(
        "table",
        { class: "confusion", "data-name": `confusion-${named}` },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "label ↓ said →"), ...heads.map((name) => h("th", { scope: "col", class: "n turned" }, h("span", {}, name))))),
        h("tbody", {}, ...body),
      ),
    ),
    rows.length < names.length && h("p", { class: "quiet" }, `${rows.length} of ${names.length} classes, those that are most often called something else.`),
  );
  dressTables(holder);
  return holder;
}
