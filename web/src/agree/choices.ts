// The specification curve: the family question under every combination of choices, sorted by ANOSIM's R.
import { scaleLinear } from "d3-scale";
import { h, s } from "../core/dom.js";
import { widthOf } from "../core/letters.js";
import { mark } from "../core/marks.js";
import { tip, untip } from "../core/tip.js";
import { fixed, tickText } from "../core/words.js";
import type { Choices } from "./data.js";
import { listOf } from "./words.js";

const DECISIONS: Record<string, [look: string, words: string]> = {
  differ: ["c1", "both tests significant"], "one test": ["c3", "one test"], none: ["c0", "none"],
}; // prettier-ignore
const CALLED: Record<string, string> = { normalise: "normalisation" };
const UP = 170;
const ROW = 17;

export function drawChoices(choices: Choices, width: number): SVGSVGElement {
  const all = choices.universes;
  const names = Object.keys(choices.levels);
  const heads = Math.max(...names.map((name) => widthOf(CALLED[name] ?? name, 12, 600)), 20);
  const margin = Math.max(...names.flatMap((name) => choices.levels[name].map((level) => widthOf(level, 12))), 30);
  const left = Math.min(width * 0.45, heads + margin + 26);
  const lines = names.reduce((sum, name) => sum + choices.levels[name].length, 0);
  const top = 26;
  const height = top + UP + 22 + lines * ROW + names.length * 6;
  const inner = width - left - 8;
  const x = (i: number): number => left + ((i + 0.5) * inner) / all.length;
  const values = all.map((one) => one[0]).filter((r): r is number => r !== null);
  const y = scaleLinear()
    .domain([Math.min(0, ...values), Math.max(0.1, ...values)])
    .nice(5)
    .range([top + UP, top + 6]);

  const counts = Object.keys(DECISIONS).map((key) => `${all.filter((one) => one[4] === key).length} ${DECISIONS[key][1]}`);
  const svg = s("svg", {
    class: "drawing curve", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `Specification curve: ANOSIM's R under ${all.length} combinations of choices; ${counts.join(", ")}`,
  }); // prettier-ignore
  let legend = left;
  for (const [key, [look, words]] of Object.entries(DECISIONS)) {
    const text = `${words} (${all.filter((one) => one[4] === key).length})`;
    svg.append(mark(look, legend + 5, 10, 4.4), s("text", { class: "label", x: legend + 14, y: 14 }, text));
    legend += widthOf(text, 12) + 34;
  }
  for (const tick of y.ticks(4)) {
    svg.append(
      s("path", { class: tick === 0 ? "zero" : "grid", d: `M${left} ${y(tick)}h${inner}` }),
      s("text", { class: "tick", x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick, 1)),
    );
  }
  svg.append(s("text", { class: "axis-title", x: left - 8, y: 14, "text-anchor": "end" }, "ANOSIM R"));
  const guide = s("path", { class: "guide", d: "" });
  svg.append(guide);
  const size = Math.max(2, Math.min(4.2, inner / all.length / 2.1));
  all.forEach((one, i) => one[0] !== null && svg.append(mark(DECISIONS[one[4]]?.[0] ?? "c0", x(i), y(one[0]), size)));
  let line = top + UP + 26;
  names.forEach((name, dimension) => {
    svg.append(s("text", { class: "label head", x: 0, y: line + 4 }, CALLED[name] ?? name));
    choices.levels[name].forEach((level, number) => {
      svg.append(s("text", { class: "label", x: left - 8, y: line + 4, "text-anchor": "end" }, level));
      const marks = all.flatMap((one, i) => (one[5 + dimension] === number ? [`M${x(i).toFixed(1)} ${line - 5}v10`] : []));
      svg.append(s("path", { class: "chosen", d: marks.join("") }));
      line += ROW;
    });
    line += 6;
  });
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const i = Math.floor(((event.clientX - box.left - left) / inner) * all.length);
    if (i < 0 || i >= all.length) return leave();
    guide.setAttribute("d", `M${x(i)} ${top}V${line - 8}`);
    const [r, contrast, anosim, permanova, decision] = all[i];
    tip(
      event.clientX,
      event.clientY,
      h("strong", {}, `R = ${fixed(r, 3)}: ${DECISIONS[decision]?.[1] ?? decision}`),
      listOf([
        ["contrast", fixed(contrast, 3)], ["p (ANOSIM)", fixed(anosim, 3)], ["p (PERMANOVA)", fixed(permanova, 3)],
        ...names.map((name, dimension): [string, string] => [CALLED[name] ?? name, choices.levels[name][all[i][5 + dimension] as number] ?? "–"]),
      ]),
    ); // prettier-ignore
  });
  const leave = (): void => {
    guide.setAttribute("d", "");
    untip();
  };
  svg.addEventListener("pointerleave", leave);
  return svg;
}

export function choicesTable(choices: Choices): (string | number | null)[][] {
  const names = Object.keys(choices.levels);
  return [
    ["R", "contrast", "p ANOSIM", "p PERMANOVA", "decision", ...names],
    ...choices.universes.map((one) => [
      ...one.slice(0, 5),
      ...names.map((name, i) => choices.levels[name][one[5 + i] as number] ?? ""),
    ]),
  ];
}
