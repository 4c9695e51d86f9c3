// Two models side by side: the concepts that both detect, and those that only one of them does.
import { h } from "../core/dom.js";
import { menu } from "../core/fields.js";
import { fileName, saveCsv } from "../core/save.js";
import { saveButton } from "../core/saves.js";
import { whole } from "../core/words.js";
import { units } from "./data.js";

/** Concepts of a list that are shown before a button shows the rest. */
const SHOWN = 60;

interface Sides {
  first: Map<string, number>;
  second: Map<string, number>;
}

function countsOf(model: number, score: string, fold: boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (const layer of units.models[model].layers) {
    for (const best of layer.labels.find((labels) => labels.score === score)?.best ?? []) {
      if (best < 0) continue;
      const [name, , folded] = units.concepts[best];
      const key = fold ? folded : name;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

function ordered(names: string[], { first, second }: Sides): string[] {
  const total = (name: string): number => (first.get(name) ?? 0) + (second.get(name) ?? 0);
  return names.sort((a, b) => total(b) - total(a) || a.localeCompare(b, "en"));
}

/** Make the comparison; `search` is told of a concept that is chosen. */
export function makePair(search: (concept: string) => void): { element: HTMLElement; show(score: string): void } {
  const element = h("div", { class: "unit-pair" });
  let [a, b, fold, score] = [0, 1, false, units.score];
  const open = new Set<string>();

  function list(title: string, key: string, names: string[], number: (name: string) => string): HTMLElement {
    const shown = open.has(key) ? names : names.slice(0, SHOWN);
    const more = names.length - shown.length;
    const items = shown.map((name) =>
      h("li", {}, h("button", { type: "button", title: `Units that detect ${name}`, onclick: () => search(name) }, name), h("span", { class: "quiet" }, ` ${number(name)}`)),
    );
    const rest = more > 0 && h("button", { type: "button", onclick: () => { open.add(key); draw(); } }, `${whole(more)} more`); // prettier-ignore
    return h("section", { "aria-label": title }, h("h3", {}, title), h("p", { class: "quiet" }, `${whole(names.length)} concept${names.length === 1 ? "" : "s"}`), items.length ? h("ul", {}, ...items) : null, rest || null);
  }

  function draw(): void {
    const focused = document.activeElement instanceof HTMLElement && element.contains(document.activeElement) ? document.activeElement.id : "";
    const sides = { first: countsOf(a, score, fold), second: countsOf(b, score, fold) };
    const { first, second } = sides;
    const both = ordered([...first.keys()].filter((name) => second.has(name)), sides);
    const [onlyA, onlyB] = [ordered([...first.keys()].filter((name) => !second.has(name)), sides), ordered([...second.keys()].filter((name) => !first.has(name)), sides)];
    const [nameA, nameB] = [units.models[a].label, units.models[b].label];
    const options = units.models.map((model, m) => [String(m), model.label] as const);
    const check = h("input", { type: "checkbox", id: "units-fold", checked: fold, onchange: () => { fold = check.checked; draw(); } }); // prettier-ignore
    const all = first.size + second.size - both.length;
    const save = (): void =>
      saveCsv([["concept", nameA, nameB], ...[...both, ...onlyA, ...onlyB].map((name) => [name, first.get(name) ?? 0, second.get(name) ?? 0])], fileName("concepts", nameA, nameB));
    element.replaceChildren(
      h(
        "div",
        { class: "controls" },
        menu("units-first", "Model", options, String(a), (value) => { a = Number(value); draw(); }),
        menu("units-second", "and", options, String(b), (value) => { b = Number(value); draw(); }),
        h("label", {}, check, "count plurals as their singulars"),
        saveButton("CSV", "these concepts", save),
      ), // prettier-ignore
      h("p", { class: "count" }, `${nameA} ${whole(first.size)}, ${nameB} ${whole(second.size)} different concepts; ${whole(both.length)} in both${all ? ` (${Math.round((100 * both.length) / all)} % of all)` : ""}.`),
      h(
        "div",
        { class: "pair-lists" },
        list(`Only ${nameA}`, "a", onlyA, (name) => whole(first.get(name)!)),
        list("Both", "both", both, (name) => `${whole(first.get(name)!)} and ${whole(second.get(name)!)}`),
        list(`Only ${nameB}`, "b", onlyB, (name) => whole(second.get(name)!)),
      ),
    );
    if (focused) document.getElementById(focused)?.focus();
  }

  return {
    element,
    show(by) {
      score = by;
      open.clear();
      draw();
    },
  };
}
