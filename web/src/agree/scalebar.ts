// The colours' key: a bar with round numbers, and arrows at the chance floor and the ceiling.
import { scaleLinear } from "d3-scale";
import { s } from "../core/dom.js";
import { short } from "./letters.js";
import { stops } from "./ramp.js";

export interface Key {
  low: number;
  high: number;
  title: string;
  floor: [number, number] | null;
  ceiling: [number, number] | null;
}

let made = 0;

/** Draw the bar with its left upper corner at a place; it takes 46 pixels below. */
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
      s("text", { class: "tick", x: at(tick), y: y + 26, "text-anchor": "middle" }, short(tick, decimals)),
    );
  }
  const arrows: [string, [number, number] | null][] = [["floor", key.floor], ["ceiling", key.ceiling]]; // prettier-ignore
  let taken = -Infinity;
  for (const [name, span] of arrows) {
    if (!span || span[1] < key.low - 1e-9 || span[0] > key.high + 1e-9) continue;
    const [from, to] = [at(span[0]), at(span[1])];
    const middle = (from + to) / 2;
    const near = middle < x + width / 2;
    group.append(s("path", { class: "span", d: `M${from} ${y - 3}H${Math.max(to, from + 0.5)}` }));
    group.append(s("path", { class: "arrow", d: `M${middle} ${y - 1}l-4 -6h8Z` }));
    const label = near ? Math.max(middle + 7, taken) : middle - 7;
    group.append(s("text", { class: "tick", x: label, y: y - 3, "text-anchor": near ? "start" : "end" }, name === "floor" ? "chance floor" : name));
    if (near) taken = label + 78;
  }
  group.append(s("text", { class: "axis-title", x: x + width / 2, y: y + 42, "text-anchor": "middle" }, key.title));
  return group;
}
