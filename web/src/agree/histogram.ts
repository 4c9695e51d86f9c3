// How similar the maps of one pair are over the images, as a small histogram with the chance floor.
import { bin } from "d3-array";
import { scaleLinear } from "d3-scale";
import { h, s } from "../core/dom.js";
import { tip, untip } from "../core/tip.js";
import { short } from "../core/words.js";

export interface Histogram {
  svg: SVGSVGElement;
  /** show where one image stands */
  light(value: number | null): void;
}

export function drawHistogram(
  values: readonly number[],
  { floor, mean, width, name }: { floor: number | null; mean: number | null; width: number; name: string },
): Histogram {
  const height = 132;
  const [left, top, bottom] = [8, 20, height - 34];
  const ends = floor === null ? values : [...values, floor];
  const x = scaleLinear()
    .domain([Math.min(...ends), Math.max(...ends, Math.min(...ends) + 0.05)])
    .nice(8)
    .range([left, width - left]);
  const [low, high] = x.domain();
  const bins = bin<number, number>().domain([low, high]).thresholds(x.ticks(Math.min(28, Math.max(8, Math.round(Math.sqrt(values.length) * 2)))))(values); // prettier-ignore
  const most = Math.max(...bins.map((one) => one.length), 1);
  const y = scaleLinear().domain([0, most]).range([bottom, top]);
  const svg = s("svg", {
    class: "drawing histogram", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `Histogram of ${name} over ${values.length} images, from ${short(Math.min(...values))} to ${short(Math.max(...values))}`,
  }); // prettier-ignore
  for (const one of bins) {
    const [from, to] = [x(one.x0!), x(one.x1!)];
    if (!one.length) continue;
    const bar = s("rect", { class: "bar", x: from + 0.5, y: y(one.length), width: Math.max(1, to - from - 1), height: bottom - y(one.length) });
    bar.addEventListener("pointermove", (event) => {
      const text = `${one.length} image${one.length === 1 ? "" : "s"} from ${short(one.x0!)} to ${short(one.x1!)}`;
      tip(event.clientX, event.clientY, h("div", {}, text));
    });
    bar.addEventListener("pointerleave", untip);
    svg.append(bar);
  }
  svg.append(s("path", { class: "axis", d: `M${left} ${bottom}H${width - left}` }));
  for (const tick of x.ticks(5)) {
    svg.append(s("text", { class: "tick", x: x(tick), y: bottom + 15, "text-anchor": "middle" }, short(tick)));
  }
  svg.append(s("text", { class: "axis-title", x: width / 2, y: height - 3, "text-anchor": "middle" }, `${name} per image`));
  const lines: [string, number | null][] = [["chance floor", floor], ["mean", mean]]; // prettier-ignore
  const apart = floor !== null && mean !== null && Math.abs(x(floor) - x(mean)) < 165;
  for (const [word, value] of lines) {
    if (value === null) continue;
    const right = word === "mean" ? (apart ? mean! >= floor! : x(value) < width / 2) : apart ? mean! < floor! : x(value) < width / 2; // prettier-ignore
    const clipped = right ? x(value) > width - 80 : x(value) < 80;
    const toRight = clipped ? !right : right;
    svg.append(
      s("path", { class: word === "mean" ? "mean" : "floor", d: `M${x(value)} ${top - 8}V${bottom}` }),
      s("text", { class: "tick", x: x(value) + (toRight ? 4 : -4), y: 11, "text-anchor": toRight ? "start" : "end" }, `${word} ${short(value)}`),
    );
  }
  const here = s("path", { class: "arrow here", d: "" });
  svg.append(here);
  return {
    svg,
    light: (value) => here.setAttribute("d", value === null ? "" : `M${x(value)} ${bottom - 1}l-5 -8h10Z`),
  };
}
