// What is said of a pair, of a model and of a branch where they are pointed at.
import { data } from "../core/data.js";
import { h, type Child } from "../core/dom.js";
import type { Row } from "../core/dots.js";
import { lookOf, markIcon } from "../core/marks.js";
import { compact, fixed, whole } from "../core/words.js";
import type { Agree, Measure, Pair } from "./data.js";

export function between(low: number | null, high: number | null, decimals = 3): string {
  return low === null || high === null ? "–" : `${fixed(low, decimals)} to ${fixed(high, decimals)}`;
}

/** Terms and values of a pair; what is not known is left out. */
export function termsOf(agree: Agree, measure: Measure, pair: Pair): [string, string][] {
  const percent = Math.round(100 * agree.level);
  const found: [string, string | null][] = [
    [`mean ${measure.label}`, fixed(pair.mean, 3)],
    [`${percent} % interval`, pair.low === null ? null : between(pair.low, pair.high)],
    ["sd over images", pair.sd === null ? null : fixed(pair.sd, 3)],
    ["median", pair.median === null ? null : fixed(pair.median, 3)],
    ["images", pair.n === null ? null : `N = ${whole(pair.n)}`],
    ["chance floor", pair.floor === null ? null : fixed(pair.floor, 3)],
    ["ceiling", pair.ceiling === null ? null : fixed(pair.ceiling, 3)],
    [pair.ceiling === null ? "above chance (0 to 1)" : "calibrated (0 to 1)", pair.calibrated === null ? null : fixed(pair.calibrated, 3)],
    ["relation", pair.relation?.[1] ?? null],
  ]; // prettier-ignore
  return found.filter((one): one is [string, string] => one[1] !== null);
}

export function listOf(terms: [string, string][]): HTMLElement {
  return h("dl", { class: "terms" }, ...terms.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
}

export function pairTip(agree: Agree, measure: Measure, pair: Pair): Child[] {
  const within = pair.low !== null && pair.floor !== null && pair.low <= pair.floor;
  return [
    h("strong", {}, `${agree.sets[pair.a]} – ${agree.sets[pair.b]}`),
    listOf(termsOf(agree, measure, pair)),
    within ? h("div", { class: "warn-line" }, "Not above chance.") : null,
  ];
}

export function modelTip(agree: Agree, set: number): Child[] {
  const model = data.models[agree.models[set]];
  const facts = model ? Object.entries(model.facts).filter(([, value]) => value !== null) : [];
  const group = agree.group?.[set];
  return [
    h("strong", {}, agree.sets[set]),
    group === undefined ? null : h("div", {}, markIcon(lookOf(group)), ` ${agree.groups[group]}`),
    facts.length ? listOf(facts.map(([name, value]) => [name, factText(name, value)])) : null,
  ];
}

export function factText(name: string, value: number | string | null): string {
  if (typeof value !== "number") return value ?? "–";
  return name.includes("accuracy") ? `${fixed(100 * value, 1)} %` : compact(value);
}

/** A pair in one sentence, for those who hear it. */
export function pairSentence(agree: Agree, measure: Measure, pair: Pair): string {
  const terms = termsOf(agree, measure, pair).map(([term, value]) => `${term} ${value}`);
  return `${agree.sets[pair.a]} and ${agree.sets[pair.b]}: ${terms.join(", ")}`;
}

export function rowTip(row: Row, head: string): Child[] {
  const terms: [string, string | undefined][] = [
    [head, row.value === undefined ? undefined : fixed(row.value, 3)],
    ["95 % interval", row.low === undefined ? undefined : between(row.low, row.high ?? null)],
    ["chance floor", row.floor === undefined ? undefined : fixed(row.floor, 3)],
    ["ceiling", row.ceiling === undefined ? undefined : fixed(row.ceiling, 3)],
    ["", row.note],
  ];
  return [h("strong", {}, row.label), listOf(terms.filter((one): one is [string, string] => one[1] !== undefined))];
}
