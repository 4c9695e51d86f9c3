// What is shown and how: order, groups, colours, filters, the range of epochs, the size of rows.
import { h, type Child } from "../core/dom.js";
import { menu, pills } from "../core/fields.js";
import type { MeasureName } from "./measures.js";
import type { Acts, Shown } from "./shown.js";
import { standard, type Group, type Sort, type State, type Verdict } from "./state.js";
import type { Colouring } from "./palette.js";
import { images } from "./words.js";

export interface Toolbar {
  element: HTMLElement;
  update(shown: Shown): void;
}

function numberField(id: string, words: string, value: number | null, placeholder: string, change: (value: number | null) => void): HTMLInputElement {
  const input = h("input", { type: "number", id, "aria-label": words, placeholder, step: "any", value: value ?? "" });
  input.addEventListener("change", () => change(input.value === "" || !Number.isFinite(Number(input.value)) ? null : Number(input.value)));
  return input;
}

export function makeToolbar(acts: Acts): Toolbar {
  const look = h("div", { class: "controls" });
  const filters = h("div", { class: "controls filters" });
  const count = h("p", { class: "count", id: "learning-count", "aria-live": "polite" });
  const search = h("input", { type: "search", id: "learning-search", placeholder: "name of an image", "aria-label": "Search names of images" });
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => acts.change({ search: search.value }), 120);
  });
  const folded = h("details", { class: "filter-fold" }, h("summary", {}, "Filter"), filters);
  const more = h("div", { class: "controls" });
  const element = h("div", { class: "learning-tools" }, look, more, folded);

  function update(shown: Shown): void {
    const { state, run, about } = shown;
    const active = document.activeElement?.id;
    look.replaceChildren(...looks(shown, acts));
    more.replaceChildren(...extents(shown, acts), count);
    const classes = run.classes.map((name, i) => [String(i), name] as const);
    const classMenu = (id: "truth" | "said", words: string): HTMLElement =>
      menu(`learning-${id}`, words, [["", "all"], ...classes], state[id] === null ? "" : String(state[id]), (value) => acts.change({ [id]: value === "" ? null : Number(value) } as Partial<State>));
    const verdicts: [Verdict, string][] = [["all", "all"], ["right", "right at the end"], ["wrong", "wrong at the end"], ["changed", "changed at least once"]];
    const limit = state.limit;
    const limits: Child[] = limit
      ? [
          numberField("limit-low", "at least", limit.low, "from", (low) => acts.change({ limit: { ...limit, low } })),
          numberField("limit-high", "at most", limit.high, "to", (high) => acts.change({ limit: { ...limit, high } })),
        ]
      : [];
    if (document.activeElement !== search) search.value = state.search;
    const parts: Child[] = [
      run.labelled && classMenu("truth", "true class"),
      classMenu("said", "final prediction"),
      run.labelled && menu("learning-verdict", "which", verdicts, state.verdict, (value) => acts.change({ verdict: value as Verdict })),
      menu("learning-limit", "measure", [["", "none"], ...about.map((one) => [one.name, one.title] as const)], limit?.name ?? "", (value) =>
        acts.change({ limit: value ? { name: value as MeasureName, low: null, high: null } : null }),
      ),
      ...limits,
    ];
    filters.replaceChildren(...parts.filter((one): one is Node => one instanceof Node), search);
    const narrowed = filtered(state);
    if (narrowed) {
      folded.open = true;
      filters.append(h("button", { type: "button", id: "clear-filters", onclick: () => acts.change({ truth: null, said: null, verdict: "all", limit: null, search: "" }) }, "Clear"));
    }
    const rows = shown.rows.order.length;
    count.textContent = rows === run.images ? `${images(rows)}, all of them` : `${images(rows)} of ${images(run.images)}${state.only ? ", those picked out" : ""}`;
    if (active && active !== document.activeElement?.id) document.getElementById(active)?.focus({ preventScroll: true });
  }

  return { element, update };
}

export function filtered(state: State): boolean {
  const usual = standard();
  return (["truth", "said", "verdict", "search"] as const).some((name) => state[name] !== usual[name]) || state.limit !== null;
}

function looks({ state, run, about }: Shown, acts: Acts): HTMLElement[] {
  const sorts: [Sort, string][] = [...about.map((one) => [one.name, one.title] as [Sort, string]), ["recorded", "as recorded"]];
  const groups: [Group, string][] = [["none", "none"], ...(run.labelled ? ([["true", "true class"]] as [Group, string][]) : []), ["final", "final prediction"]];
  const colourings: [Colouring, string][] = [["class", "classes"], ["errors", "errors only"], ["right", "right or wrong"]];
  const order = menu("learning-sort", "sort by", sorts, state.sort, (value) => acts.change({ sort: value as Sort, down: value !== "recorded" }));
  const turn = h("button", { type: "button", id: "learning-turn", "aria-label": state.down ? "From high to low; turn" : "From low to high; turn", onclick: () => acts.change({ down: !state.down }) }, state.down ? "high to low" : "low to high");
  return [
    ...(run.labelled ? [pills("colouring", "Colour", colourings, state.colouring, (value) => acts.change({ colouring: value as Colouring }))] : []),
    order,
    turn,
    menu("learning-group", "group by", groups, state.group, (value) => acts.change({ group: value as Group })),
  ];
}

// Which epochs, and how large rows are.
function extents({ state, run }: Shown, acts: Acts): HTMLElement[] {
  const zoom = h("input", { type: "range", id: "learning-zoom", min: 0, max: 4, step: 1, value: state.zoom, "aria-label": "Size of rows" });
  zoom.addEventListener("input", () => acts.change({ zoom: Number(zoom.value) }));
  const range = (id: "from" | "to", words: string): HTMLElement => {
    const epochs = run.epochs.map((epoch) => [String(epoch), String(epoch)] as const);
    const ends = id === "from" ? run.epochs[0] : run.epochs[run.epochs.length - 1];
    return menu(`learning-${id}`, words, epochs, String(state[id] ?? ends), (value) => acts.change({ [id]: Number(value) === ends ? null : Number(value) } as Partial<State>));
  };
  return [h("span", { class: "range" }, range("from", "epochs"), range("to", "to")), h("label", { class: "menu" }, h("span", {}, "size of rows"), zoom)];
}
