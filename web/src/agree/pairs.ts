// Every pair in a row: as a chart, and as a table that is made when it is asked for.
import { h } from "../core/dom.js";
import type { Chart } from "../core/dots.js";
import { dressTables } from "../core/tables.js";
import { fixed, whole } from "../core/words.js";
import { pairsOf, type Agree, type Measure } from "./data.js";
import { isChance } from "./tone.js";
import { between } from "./words.js";

/** A chart of so many pairs at most, and how many are left out between the most and the least alike. */
export function pairChart(agree: Agree, measure: Measure, most: number): [Chart, number] {
  const all = pairsOf(agree, measure);
  const left = Math.max(0, all.length - most);
  const shown = left ? [...all.slice(0, most / 2), ...all.slice(-most / 2)] : all;
  const rows = shown.map((pair) => {
    const known = (["low", "high", "floor", "ceiling"] as const).filter((name) => pair[name] !== null);
    return {
      label: `${agree.sets[pair.a]} – ${agree.sets[pair.b]}`,
      look: pair.relation?.[0] ?? "unknown",
      value: pair.mean!,
      ...Object.fromEntries(known.map((name) => [name, pair[name]!])),
      note: [pair.relation?.[1], pair.n === null ? "" : `N = ${pair.n}`].filter(Boolean).join(", "),
      pair: [pair.a, pair.b] as [number, number],
    };
  });
  return [{ name: `Every pair of models under ${agree.label}`, head: measure.label, rows, within: null, zero: false }, left];
}

const HEADS = ["models", "mean", "95 % interval", "median", "sd", "floor", "images", "above chance"];

/** Fill a table of all pairs into an element that can be unfolded; `name` is that of its file. */
export function fillTable(details: HTMLDetailsElement | null, agree: Agree, name: string): void {
  details?.addEventListener("toggle", () => {
    if (!details.open || details.querySelector("table")) return;
    const body = pairsOf(agree, agree.measures[0]).map((pair) => {
      const chance = isChance(pair);
      const cells = [
        fixed(pair.mean, 3), between(pair.low, pair.high), fixed(pair.median, 3), fixed(pair.sd, 3),
        fixed(pair.floor, 3), pair.n === null ? "–" : whole(pair.n),
      ]; // prettier-ignore
      const head = h("th", { scope: "row" }, `${agree.sets[pair.a]} – ${agree.sets[pair.b]}`);
      const row = cells.map((text) => h("td", { class: "n" }, text));
      return h("tr", { class: chance ? "chance" : "" }, head, ...row, h("td", {}, chance ? "no" : "yes"));
    });
    const heads = HEADS.map((head, i) => h("th", { scope: "col", class: i && i < 7 ? "n" : "" }, head));
    const table = h("table", { class: "numbers", "data-name": name }, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...body));
    const region = { class: "scroller tall", tabindex: 0, role: "region", "aria-label": `Pairs of models under ${agree.label}` };
    details.append(h("div", region, table));
    dressTables(details);
  });
}
