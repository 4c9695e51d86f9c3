// The colours' key: a bar with round numbers, and arrows at the chance floor and the ceiling.
import { scaleLinear } from "d3-scale";
import { s } from "../core/dom.js";
import { tickText } from "../core/words.js";
import { stops } from "./ramp.js";

export interface Key {
  low: number;
  high: number;
  title: string;
  floor: Level | null;
  ceiling: Level | null;
}

/** What holds for the mean pair, and between which ends pairs differ in it. */
export interface Level {
  mean: number;
  low: number;
  high: number;
}

let made = 0;

/** Draw the bar with its left upper corner at a place; it takes 16 pixels above and 46 below. */
export function drawBar(x: number, y: number, width: number, key: Key): SVGGElement {
  const id = `ramp-${made++}`;
  const at = scaleLinear().domain([key.low, key.high]).range([x, x + width]).clamp(true);
  const group = s("g", { class: "key" });
  // The attribute is what figures that are saved have; on the page the style sheet chooses.
  const marks = stops().map(({ at, light, dark }) => s("stop", { offset: at, "stop-color": light, "--l": light, "--d": dark }));
  group.append(
    s("defs", {}, s("linearGradient", { id }, ...marks)),
    s("rect", { x, y, width, height: 10, rx: 2, fill: `url(#${id})` }),
  );
  const ticks = at.ticks(Math.max(2, Math.floor(width / 60)));
  const decimals = ticks.length > 1 && Math.abs(ticks[1] - ticks[0]) < 0.095 ? 2 : 1;
  for (const tick of ticks) {
    group.append(
      s("path", { class: "axis", d: `M${at(tick)} ${y + 11}v4` }),
      s("text", { class: "tick", x: at(tick), y: y + 26, "text-anchor": "middle" }, tickText(tick, decimals)),
    );
  }
  let free = -Infinity;
  for (const [name, level] of [["chance floor", key.floor], ["ceiling", key.ceiling]] as [string, Level | null][]) {
    if (!level) continue;
    const middle = at(level.mean);
    const start = middle < x + width / 2;
    if (at(level.high) - at(level.low) > 1) group.append(s("path", { class: "span", d: `M${at(level.low)} ${y - 2}H${at(level.high)}` }));
    group.append(s("path", { class: "arrow", d: `M${middle} ${y - 1}l-4.5 -7h9Z` }));
    const label = start ? Math.max(middle + 8, free) : middle - 8;
    group.append(s("text", { class: "tick", x: label, y: y - 6, "text-anchor": start ? "start" : "end" }, name));
    if (start) free = label + 80;
  }
  group.append(s("text", { class: "axis-title", x: x + width / 2, y: y + 42, "text-anchor": "middle" }, key.title));
  return group;
}
