// The models as points: near where their maps are alike, with ellipses of what other images would change.
import { s } from "../core/dom.js";
import { clipped, HALO, widthOf } from "../core/letters.js";
import { lookOf, mark } from "../core/marks.js";
import { tip, untip } from "../core/tip.js";
import { short } from "../core/words.js";
import { pairOf, type Agree, type Plane } from "./data.js";
import type { Drawing, Linked } from "./linked.js";
import { placeLabels } from "./placing.js";
import { modelTip } from "./words.js";

const FONT = 12;
const PAD = 22;

export interface MapDrawing extends Drawing {
  svg: SVGSVGElement;
}

export function drawMap(agree: Agree, plane: Plane, width: number, linked: Linked): MapDrawing {
  const corners = plane.points.concat(
    plane.centre.flatMap(([x, y], i) => {
      const reach = extent(plane.radii[i], plane.angle[i]);
      return [[x - reach[0], y - reach[1]], [x + reach[0], y + reach[1]]] as [number, number][]; // prettier-ignore
    }),
  );
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [low, high] = [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]]; // prettier-ignore
  const span = [Math.max(high[0] - low[0], 1e-6), Math.max(high[1] - low[1], 1e-6)];
  const left = 26;
  const inner = width - left - 6;
  // One unit is as long on both axes, or distances would mislead
  const tallest = Math.min(540, Math.max(300, width * 1.04));
  const unit = Math.min((inner - 2 * PAD) / span[0], (tallest - 2 * PAD) / span[1]);
  const tall = Math.max(220, Math.min(tallest, span[1] * unit + 2 * PAD));
  const height = tall + 34;
  const middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
  const at = ([x, y]: readonly [number, number]): [number, number] => [
    left + inner / 2 + (x - middle[0]) * unit,
    4 + tall / 2 - (y - middle[1]) * unit,
  ];

  const svg = s("svg", {
    class: "drawing map", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `Map of ${plane.sets.length} models under ${agree.label}: near where their maps are alike. Its axes hold ${shares(plane)} of the variance.`,
  }); // prettier-ignore
  svg.append(s("rect", { class: "field", x: left, y: 4, width: inner, height: tall, rx: 4 }));
  const [ox, oy] = at([0, 0]);
  svg.append(s("path", { class: "zero", d: `M${left} ${oy}h${inner}M${ox} 4v${tall}` }));
  svg.append(
    s("text", { class: "axis-title", x: left + inner / 2, y: tall + 22, "text-anchor": "middle" }, `axis 1 (${percent(plane.explained[0])})`),
    s("text", { class: "axis-title", transform: `translate(14 ${4 + tall / 2}) rotate(-90)`, "text-anchor": "middle" }, `axis 2 (${percent(plane.explained[1])})`),
  );
  svg.append(ruler(left + 10, 4 + tall - 12, unit));

  const ellipses = plane.sets.map((set, i) => {
    const [x, y] = at(plane.centre[i]);
    const turn = (-plane.angle[i] * 180) / Math.PI;
    return s("ellipse", {
      class: `cloud ${lookFor(agree, set)}`, rx: plane.radii[i][0] * unit, ry: plane.radii[i][1] * unit,
      transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turn.toFixed(2)})`,
    }); // prettier-ignore
  });
  const line = s("g", { class: "between" });
  const points = plane.points.map(at);
  const names = plane.sets.map((set) => clipped(agree.sets[set], 150, FONT));
  const placed = placeLabels(points, names.map((name) => widthOf(name, FONT, 500)), 14, { x: left + 3, y: 6, width: inner - 6, height: tall - 4 }); // prettier-ignore
  const made = plane.sets.map((set, i) => {
    const [x, y] = points[i];
    const label = placed[i];
    const node = s("g", { class: "model" });
    if (label.end) node.append(s("path", { class: "leader", d: `M${x} ${y}L${label.end.join(" ")}` }));
    node.append(mark(lookFor(agree, set), x, y, 5.6), s("text", { class: "label", ...HALO, x: label.x, y: label.y }, names[i]));
    node.append(s("circle", { class: "hit", cx: x, cy: y, r: 13 }));
    node.addEventListener("pointermove", (event) => {
      linked.light([set]);
      tip(event.clientX, event.clientY, ...modelTip(agree, set));
    });
    node.addEventListener("pointerleave", () => (linked.light([]), untip()));
    return node;
  });
  svg.append(...ellipses, line, ...made);

  return {
    node: svg,
    svg,
    light(sets) {
      svg.classList.toggle("picking", sets.some((set) => plane.sets.includes(set)));
      plane.sets.forEach((set, i) => {
        const own = sets.includes(set);
        made[i].classList.toggle("lit", own);
        ellipses[i].classList.toggle("lit", own);
      });
      line.replaceChildren();
      const ends = sets.map((set) => plane.sets.indexOf(set));
      if (ends.length !== 2 || ends.some((end) => end < 0)) return;
      const [[x, y], [u, v]] = ends.map((end) => points[end]);
      const mean = pairOf(agree, agree.measures[0], sets[0], sets[1]).mean;
      line.append(
        s("path", { class: "join", d: `M${x} ${y}L${u} ${v}` }),
        s("text", { class: "label", ...HALO, x: (x + u) / 2, y: (y + v) / 2 - 5, "text-anchor": "middle" }, short(mean)),
      );
    },
  };
}

function lookFor(agree: Agree, set: number): string {
  return agree.group ? lookOf(agree.group[set]) : "plain";
}

// Half width and half height of the box around a turned ellipse.
function extent([a, b]: readonly [number, number], angle: number): [number, number] {
  const [c, d] = [Math.cos(angle), Math.sin(angle)];
  return [Math.hypot(a * c, b * d), Math.hypot(a * d, b * c)];
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function shares(plane: Plane): string {
  return plane.explained.map(percent).join(" and ");
}

// The signs and places of the axes mean nothing; lengths do.
function ruler(x: number, y: number, unit: number): SVGGElement {
  const step = [0.02, 0.05, 0.1, 0.2, 0.5, 1].find((length) => length * unit > 42) ?? 1;
  const end = x + step * unit;
  return s(
    "g",
    { class: "ruler" },
    s("path", { class: "axis", d: `M${x} ${y - 4}v8M${x} ${y}H${end}M${end} ${y - 4}v8` }),
    s("text", { class: "tick", x: end + 6, y: y + 4 }, `${short(step)} dissimilarity`),
  );
}

export function mapTable(agree: Agree, plane: Plane): (string | number | null)[][] {
  return [
    ["model", agree.by, "axis 1", "axis 2", "centre 1", "centre 2", "half axis 1", "half axis 2", "angle"],
    ...plane.sets.map((set, i) => [
      agree.sets[set], agree.group ? agree.groups[agree.group[set]] : "", ...plane.points[i], ...plane.centre[i],
      ...plane.radii[i], plane.angle[i],
    ]),
  ]; // prettier-ignore
}
