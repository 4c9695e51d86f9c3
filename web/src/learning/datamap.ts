// The data map: every image by the mean and the spread of the probability of its true class, coloured by how often it was
// right (Swayamdipta et al. 2020, arXiv:2009.10795). Points that share a pixel have their mean light, denser where there
// are more.
import { fit } from "../core/canvas.js";
import { h } from "../core/dom.js";
import { tip, untip } from "../core/tip.js";
import { fixed, whole } from "../core/words.js";
import { className, MISSING } from "./data.js";
import { css, mixed, tokenColour } from "./palette.js";
import type { Acts, Shown } from "./shown.js";

const LEFT = 44;
const BOTTOM = 36;
const EDGE = 8;
/** Largest standard deviation of what lies in [0, 1]. */
const WIDEST = 0.5;
const REACH = 8;

export interface MapView {
  element: HTMLElement;
  update(shown: Shown): void;
  light(image: number | null): void;
}

/** Whether there are probabilities to draw; otherwise how often an image was right and how often it changed stand in. */
function byProbability(shown: Shown): boolean {
  return shown.run.head.probability;
}

export function makeMap(acts: Acts): MapView {
  const below = h("canvas", { class: "map-below", tabindex: 0, role: "application", "aria-roledescription": "data map" });
  const above = h("canvas", { class: "map-above", "aria-hidden": "true" });
  const stack = h("div", { class: "map-stack" }, below, above);
  const words = h("p", { class: "quiet" });
  const regions = h("p", { class: "map-regions" });
  const element = h("section", { class: "map-panel" }, h("h3", {}, "Data map"), words, stack, regions);
  let shown: Shown | null = null;
  let [width, height] = [400, 340];
  let [lowest, highest] = [0, 1]; // of what stands across
  let tallest = WIDEST;
  let drag: [number, number, number, number] | null = null;
  /** image by pixel of the page, to be found under the pointer */
  let near = new Map<number, number>();

  const x = (value: number): number => LEFT + ((value - lowest) / (highest - lowest)) * (width - LEFT - EDGE);
  const y = (value: number): number => height - BOTTOM - (value / tallest) * (height - BOTTOM - EDGE);

  function draw(): void {
    if (!shown) return;
    width = Math.max(240, element.clientWidth || 400);
    height = Math.round(Math.min(400, 0.72 * width + 40));
    const density = fit(below, width, height);
    const context = below.getContext("2d", { willReadFrequently: true })!;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    const [across, up] = shown.axes;
    tallest = byProbability(shown) ? WIDEST : Math.max(0.1, up.reduce((most, value) => Math.max(most, value || 0), 0));
    [lowest, highest] = [0, 1];
    axes(context);
    points(context, across, up, density);
    overlay(null);
  }

  function axes(context: CanvasRenderingContext2D): void {
    const probability = byProbability(shown!);
    context.font = "11px system-ui, sans-serif";
    context.lineWidth = 1;
    for (let k = 0; k <= 5; k++) {
      context.strokeStyle = css(tokenColour("--line"));
      context.fillStyle = css(tokenColour("--quiet"));
      const [px, py] = [x(k / 5), y((k / 5) * tallest)];
      context.beginPath();
      context.moveTo(px, EDGE);
      context.lineTo(px, height - BOTTOM);
      context.moveTo(LEFT, py);
      context.lineTo(width - EDGE, py);
      context.stroke();
      context.textAlign = "center";
      context.fillText(fixed(k / 5, 1), px, height - BOTTOM + 14);
      context.textAlign = "right";
      context.fillText(fixed((k / 5) * tallest, 2), LEFT - 6, py + 4);
    }
    context.textAlign = "center";
    context.fillText(probability ? "confidence →" : "share of epochs right →", (LEFT + width) / 2, height - 6);
    context.save();
    context.translate(11, (height - BOTTOM) / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(probability ? "probability variability →" : "frequency of change →", 0, 0);
    context.restore();
  }

  // Sums of light by pixel, so that a hundred thousand points cost no more than some.
  function points(context: CanvasRenderingContext2D, across: Float64Array, up: Float64Array, density: number): void {
    const { rows, measures } = shown!;
    const [wide, high] = [below.width, below.height];
    const [counts, right] = [new Uint16Array(wide * high), new Float32Array(wide * high)];
    const dot = rows.order.length > 8000 ? 1 : rows.order.length > 1500 ? 2 : 4;
    const side = Math.max(1, Math.round(dot * density * 0.75));
    near = new Map();
    for (const image of rows.order) {
      const [px, py] = [x(across[image]), y(up[image])];
      if (!(px === px && py === py)) continue;
      near.set(Math.round(py) * 4096 + Math.round(px), image);
      const [left, top] = [Math.round(px * density - side / 2), Math.round(py * density - side / 2)];
      for (let dy = 0; dy < side; dy++) {
        for (let dx = 0; dx < side; dx++) {
          if (side > 2 && (dx === 0 || dx === side - 1) && (dy === 0 || dy === side - 1)) continue;
          const at = (top + dy) * wide + left + dx;
          if (left + dx < 0 || left + dx >= wide || top + dy < 0 || at >= counts.length) continue;
          counts[at]++;
          right[at] += measures.correctness[image] || 0;
        }
      }
    }
    const image = context.getImageData(0, 0, wide, high);
    const ramp = rampColours();
    for (let at = 0; at < counts.length; at++) {
      if (!counts[at]) continue;
      const colour = ramp[Math.round((20 * right[at]) / counts[at])];
      const share = 1 - 0.45 ** Math.min(6, counts[at] * (dot > 1 ? 1.6 : 1));
      for (let channel = 0; channel < 3; channel++) image.data[4 * at + channel] = share * colour[channel] + (1 - share) * image.data[4 * at + channel];
      image.data[4 * at + 3] = Math.max(image.data[4 * at + 3], 255 * share);
    }
    context.putImageData(image, 0, 0);
  }

  function overlay(lit: number | null): void {
    if (!shown) return;
    const density = fit(above, width, height);
    const context = above.getContext("2d")!;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    const [across, up] = shown.axes;
    const accent = css(tokenColour("--accent"));
    if (shown.found) {
      context.globalAlpha = 0.66;
      context.fillStyle = css(tokenColour("--paper"));
      context.fillRect(LEFT, 0, width - LEFT, height - BOTTOM + 2);
      context.globalAlpha = 1;
      context.fillStyle = accent;
      const side = shown.picked.length > 3000 ? 1.5 : shown.picked.length > 300 ? 2.5 : 4;
      for (const image of shown.picked) if (across[image] === across[image]) context.fillRect(x(across[image]) - side / 2, y(up[image]) - side / 2, side, side);
    }
    if (drag) {
      context.strokeStyle = accent;
      context.lineWidth = 1.5;
      context.strokeRect(Math.min(drag[0], drag[2]), Math.min(drag[1], drag[3]), Math.abs(drag[2] - drag[0]), Math.abs(drag[3] - drag[1]));
    }
    if (lit === null || !(across[lit] === across[lit])) return;
    context.strokeStyle = css(tokenColour("--ink"));
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x(across[lit]), y(up[lit]), 6, 0, 2 * Math.PI);
    context.stroke();
  }

  function where(event: PointerEvent): [number, number] {
    const box = below.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  function nearest([px, py]: [number, number]): number | null {
    for (let reach = 0; reach <= REACH; reach++) {
      for (let dx = -reach; dx <= reach; dx++) {
        for (let dy = -reach; dy <= reach; dy++) {
          if (Math.max(Math.abs(dx), Math.abs(dy)) !== reach) continue;
          const found = near.get((Math.round(py) + dy) * 4096 + Math.round(px) + dx);
          if (found !== undefined) return found;
        }
      }
    }
    return null;
  }

  below.addEventListener("pointermove", (event) => {
    if (!shown) return;
    const at = where(event);
    if (drag) {
      [drag[2], drag[3]] = at;
      return overlay(null);
    }
    const image = nearest(at);
    acts.light(image);
    if (image === null) return untip();
    const [across, up] = shown.axes;
    const truth = shown.run.labels[image];
    tip(
      event.clientX,
      event.clientY,
      h("b", {}, shown.run.ids[image]),
      truth !== MISSING && `is ${className(shown.run, truth)}`,
      `${byProbability(shown) ? "confidence" : "right"} ${fixed(across[image], 3)}, ${byProbability(shown) ? "variability" : "frequency"} ${fixed(up[image], 3)}`,
      `right in ${fixed(100 * shown.measures.correctness[image], 0)} % of the epochs`,
    );
  });
  below.addEventListener("pointerleave", () => (acts.light(null), untip()));
  below.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType === "touch") return;
    const [px, py] = where(event);
    drag = [px, py, px, py];
    below.setPointerCapture(event.pointerId);
  });
  below.addEventListener("pointerup", (event) => {
    if (!drag || !shown) return;
    const [x0, y0, x1, y1] = drag;
    drag = null;
    if (Math.abs(x1 - x0) < 4 && Math.abs(y1 - y0) < 4) {
      const image = nearest(where(event));
      return image === null ? overlay(null) : acts.change({ open: image });
    }
    const back = (px: number): number => lowest + ((px - LEFT) / (width - LEFT - EDGE)) * (highest - lowest);
    const up = (py: number): number => ((height - BOTTOM - py) / (height - BOTTOM - EDGE)) * tallest;
    acts.pick({ kind: "map", box: [back(Math.min(x0, x1)), up(Math.max(y0, y1)), back(Math.max(x0, x1)), up(Math.min(y0, y1))] });
  });
  below.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shown?.state.pick) acts.pick(null);
  });

  // For those who do not drag: the three regions of the paper, a third of the images each.
  function buttons(): HTMLElement[] {
    if (!shown || !byProbability(shown)) return [];
    const [across, up] = shown.axes;
    const order = shown.rows.order;
    const third = (values: Float64Array, share: number): number => {
      const known = Float64Array.from(order, (image) => values[image]).filter((value) => value === value).sort();
      return known[Math.min(known.length - 1, Math.floor(share * known.length))] ?? 0;
    };
    const all: [string, string, [number, number, number, number]][] = [
      ["easy to learn", "the third with the highest confidence", [third(across, 2 / 3), 0, 1, WIDEST]],
      ["ambiguous", "the third with the highest variability", [0, third(up, 2 / 3), 1, WIDEST]],
      ["hard to learn", "the third with the lowest confidence; wrong labels are here", [0, 0, third(across, 1 / 3), WIDEST]],
    ];
    return all.map(([name, why, box]) => h("button", { type: "button", title: why, onclick: () => acts.pick({ kind: "map", box }) }, name));
  }

  return {
    element,
    update(next) {
      shown = next;
      const kind = byProbability(next) ? "Each point is an image: how sure the classifier was of the true class, and how much that varied." : "No probabilities were recorded: each point is an image by how often it was right and how often its prediction changed.";
      words.replaceChildren(kind, " Colour is the share of epochs in which it was right: ", h("span", { class: "map-ramp", role: "img", "aria-label": "from never to always" }), " never to always. Drag to pick images out.");
      below.setAttribute("aria-label", `Data map of ${whole(next.rows.order.length)} images; the buttons below it pick out its regions`);
      regions.replaceChildren(...buttons());
      draw();
    },
    light: overlay,
  };
}

function rampColours(): [number, number, number][] {
  const [bad, middle, good] = [tokenColour("--c1"), tokenColour("--c4"), tokenColour("--c0")];
  return Array.from({ length: 21 }, (_, i) => [...(i < 10 ? mixed(middle, bad, i / 10) : mixed(good, middle, (i - 10) / 10))] as [number, number, number]);
}
