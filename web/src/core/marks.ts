// The marks of groups and relations: every colour has a shape of its own, so that nobody needs the colour.
import { s } from "./dom.js";

type Shape = "circle" | "square" | "up" | "diamond" | "down" | "plus" | "cross" | "bar";

/** In the order of the colours, as in `report/figures/legend.py`. */
const GROUPS: Shape[] = ["circle", "square", "up", "diamond", "down", "plus", "cross"];
const LOOKS: Record<string, Shape> = {
  seed: "circle", lineage: "diamond", group: "square", different: "up", unknown: "circle", plain: "circle", end: "bar",
}; // prettier-ignore

export function lookOf(group: number): string {
  return `c${group % GROUPS.length}`;
}

function shapeOf(look: string): Shape {
  const group = /^c(\d)$/.exec(look);
  return group ? GROUPS[Number(group[1])] : (LOOKS[look] ?? "circle");
}

function polygon(points: [number, number][]): string {
  return `M${points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}Z`;
}

function outline(shape: Shape, r: number): string {
  switch (shape) {
    case "circle":
      return `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`;
    case "square":
      return polygon([[-r, -r], [r, -r], [r, r], [-r, r]].map(([x, y]) => [0.88 * x, 0.88 * y])); // prettier-ignore
    case "up":
      return polygon([[0, -1.2 * r], [1.12 * r, 0.85 * r], [-1.12 * r, 0.85 * r]]); // prettier-ignore
    case "down":
      return polygon([[0, 1.2 * r], [1.12 * r, -0.85 * r], [-1.12 * r, -0.85 * r]]); // prettier-ignore
    case "diamond":
      return polygon([[0, -1.3 * r], [1.15 * r, 0], [0, 1.3 * r], [-1.15 * r, 0]]); // prettier-ignore
    case "plus":
    case "cross": {
      const w = 0.4 * r;
      const arms: [number, number][] = [
        [-w, -r], [w, -r], [w, -w], [r, -w], [r, w], [w, w], [w, r], [-w, r], [-w, w], [-r, w], [-r, -w], [-w, -w],
      ]; // prettier-ignore
      const turn = shape === "cross" ? Math.SQRT1_2 * 1.15 : 0;
      return polygon(turn ? arms.map(([x, y]) => [turn * (x - y), turn * (x + y)]) : arms.map(([x, y]) => [1.15 * x, 1.15 * y])); // prettier-ignore
    }
    case "bar":
      return polygon([[-1.5, -1.5 * r], [1.5, -1.5 * r], [1.5, 1.5 * r], [-1.5, 1.5 * r]]); // prettier-ignore
  }
}

/** A mark at a place; its colour is that of its class. */
export function mark(look: string, x: number, y: number, r = 5): SVGPathElement {
  return s("path", {
    class: `mark ${look}`,
    d: outline(shapeOf(look), r),
    transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
  });
}

/** A mark by itself, for texts in HTML. */
export function markIcon(look: string): SVGSVGElement {
  return s("svg", { class: "mark-icon", width: 13, height: 13, viewBox: "-6.5 -6.5 13 13", "aria-hidden": "true" }, mark(look, 0, 0, 4.6));
}
