// The images that are picked out, as small pictures; and one image with all that was said of it.
import { fit } from "../core/canvas.js";
import { h, s } from "../core/dom.js";
import { whole } from "../core/words.js";
import { className, MISSING, type Run } from "./data.js";
import { css } from "./palette.js";
import { drawSmall, hasPicture, smallOf } from "./sheets.js";
import type { Acts, Shown } from "./shown.js";
import { images, valueText } from "./words.js";

/** So many pictures at a time. */
const STEP = 96;
const SIDE = 56;

export interface PicturesView {
  element: HTMLElement;
  update(shown: Shown): void;
}

function canvasOf(run: Run, image: number, side: number): HTMLCanvasElement {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const density = fit(canvas, side, side);
  const draw = (): void => {
    const small = smallOf(run, image, draw);
    if (!small) return;
    drawSmall(canvas.getContext("2d")!, small, 0, 0, side * density);
    canvas.dataset["drawn"] = "";
  };
  draw();
  return canvas;
}

function saidOf(shown: Shown, image: number, epoch: number): string {
  const { run } = shown;
  const [truth, said] = [run.labels[image], run.predictions[epoch]?.[image] ?? MISSING];
  const name = said === MISSING ? "not recorded" : className(run, said);
  return truth === MISSING ? name : said === truth ? name : `${className(run, truth)} → ${name}`;
}

export function makePictures(acts: Acts): PicturesView {
  const title = h("h3", {});
  const tools = h("div", { class: "picture-tools" });
  const grid = h("div", { class: "picture-grid" });
  const one = h("div", { class: "one-image" });
  const element = h("section", { class: "pictures-panel" }, h("div", { class: "picture-head" }, title, tools), one, grid);
  let most = STEP;
  let before = "";

  function plate(shown: Shown, image: number): HTMLElement {
    const { run } = shown;
    const [truth, said] = [run.labels[image], run.predictions[shown.at]?.[image] ?? MISSING];
    const colour = said === MISSING ? "transparent" : css(shown.colours[said]);
    const words = saidOf(shown, image, shown.at);
    const button = h(
      "button",
      {
        type: "button", class: `plate-small${truth !== MISSING && said !== truth ? " wrong" : ""}`, "--chip": colour,
        "aria-label": `${run.ids[image]}: ${words} at epoch ${run.epochs[shown.at]}`,
        onclick: () => acts.change({ open: image }), onpointerenter: () => acts.light(image), onpointerleave: () => acts.light(null),
      },
      hasPicture(run, image) ? canvasOf(run, image, SIDE) : h("span", { class: "no-picture" }, run.ids[image].slice(-8)),
      h("span", { class: "plate-words" }, words),
    ); // prettier-ignore
    return button;
  }

  return {
    element,
    update(shown) {
      const { picked, state, run } = shown;
      const key = JSON.stringify([state.pick, state.run]);
      if (key !== before) most = STEP;
      before = key;
      title.textContent = shown.found ? `${images(picked.length)} picked out: ${pickWords(shown)}` : "Pictures";
      tools.replaceChildren();
      if (shown.found) {
        tools.append(
          h("button", { type: "button", id: "only", "aria-pressed": String(state.only), onclick: () => acts.change({ only: !state.only }) }, state.only ? "Show all rows" : "Show only these"),
          h("button", { type: "button", id: "unpick", onclick: () => acts.pick(null) }, "Let go"),
        );
      }
      const list = shown.found ? picked : new Uint32Array();
      grid.replaceChildren(...[...list.subarray(0, most)].map((image) => plate(shown, image)));
      if (list.length > most) {
        const left = list.length - most;
        grid.append(h("button", { type: "button", class: "more-pictures", onclick: () => ((most += 2 * STEP), this.update(shown)) }, `${whole(left)} more`));
      }
      if (!shown.found) grid.append(h("p", { class: "quiet" }, "Click a cell of the matrix, drag over rows of the heat map, draw a box in the data map or click a stream of the flow to see the pictures behind it."));
      const note = run.head.pictures?.note;
      if (shown.found && note) grid.append(h("p", { class: "quiet picture-note" }, note));
      one.replaceChildren(...(state.open !== null && state.open < run.images ? [about(shown, state.open, acts)] : []));
    },
  };
}

function pickWords({ state, run }: Shown): string {
  const pick = state.pick!;
  if (pick.kind === "cell") return `${className(run, pick.truth)} predicted ${className(run, pick.said)} at epoch ${pick.epoch}`;
  if (pick.kind === "stream") return `${className(run, pick.from)} at epoch ${pick.before}, ${className(run, pick.to)} at epoch ${pick.after}`;
  if (pick.kind === "map") return "a box of the data map";
  return pick.kind === "rows" ? "rows that were brushed" : "named by a finding";
}

// What was said of one image at every epoch: a strip of classes, and the probability of the true class above it.
function about(shown: Shown, image: number, acts: Acts): HTMLElement {
  const { run, colours } = shown;
  const [from, to] = shown.range;
  const width = 640;
  const column = width / (to - from + 1);
  const strip = s("svg", { class: "drawing strip", viewBox: `0 0 ${width} 74`, preserveAspectRatio: "none", role: "img", "aria-label": history(shown, image) });
  let line = "";
  for (let place = from; place <= to; place++) {
    const said = run.predictions[place][image];
    const right = said === run.labels[image];
    strip.append(s("rect", { x: (place - from) * column, y: 52, width: column + 0.3, height: right ? 14 : 22, fill: said === MISSING ? "none" : css(colours[said]) }));
    const p = run.probability[place]?.[image];
    if (p !== undefined && p === p) line += `${line ? "L" : "M"}${((place - from + 0.5) * column).toFixed(1)} ${(46 - 42 * p).toFixed(1)}`;
  }
  strip.append(s("path", { class: "grid", d: `M0 46H${width}M0 4H${width}` }), s("path", { class: "line held", d: line, "vector-effect": "non-scaling-stroke" }));
  const visited = [...new Set(run.predictions.slice(from, to + 1).map((said) => said[image]))].filter((said) => said !== MISSING);
  const facts = shown.about.map((measure) => h("div", {}, h("dt", {}, measure.title), h("dd", {}, valueText(measure, shown.measures[measure.name][image]))));
  const truth = run.labels[image];
  return h(
    "article",
    { class: "image-card", "aria-label": `Image ${run.ids[image]}` },
    hasPicture(run, image) ? canvasOf(run, image, 128) : h("span", { class: "no-picture large" }, "no picture"),
    h(
      "div",
      { class: "image-facts" },
      h("header", {}, h("h4", {}, run.ids[image], truth === MISSING ? null : h("small", {}, ` ${className(run, truth)}`)), h("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => acts.change({ open: null }) }, "×")),
      strip,
      h("p", { class: "strip-legend" }, ...visited.map((said) => h("span", {}, h("i", { class: "chip", "--chip": css(colours[said]) }), className(run, said))), line ? h("span", { class: "quiet" }, "line: probability of the true class") : null),
      h("dl", {}, ...facts),
    ),
  );
}

function history(shown: Shown, image: number): string {
  const { run } = shown;
  const parts: string[] = [];
  let last = -1;
  for (let place = shown.range[0]; place <= shown.range[1]; place++) {
    const said = run.predictions[place][image];
    if (said !== last) parts.push(`from epoch ${run.epochs[place]} ${className(run, said)}`);
    last = said;
  }
  return parts.slice(0, 30).join(", ");
}
