// The first screen: somewhere to drop a photograph, and pictures to try.
import { h } from "../core/dom.js";
import { sampleAddress } from "./api.js";
import { pick, takeThisSample, underway } from "./intake.js";
import { openMethods } from "./methods.js";
import { openModels } from "./models.js";
import { choices, labelOf, modelOf, server } from "./state.js";
import { counted, megabytes } from "./words.js";

/** How many samples stand on the first screen. */
const SAMPLES = 16;

export function startElement(): HTMLElement {
  const busy = underway() > 0;
  const drop = h(
    "button",
    { class: "drop", type: "button", "aria-describedby": "drop-more", onclick: pick },
    icon(),
    h("strong", {}, busy ? `Reading ${counted(underway(), "photograph")}` : "Drop photographs here"),
    h("span", { id: "drop-more" }, "or paste one, or click to choose files"),
  );
  const { bytes } = server.limits;
  return h(
    "section",
    { class: "start", "aria-labelledby": "start-title" },
    h("h1", { id: "start-title" }, "What do these models look at?"),
    h("p", { class: "lead" }, "Drop a photograph, and watch where each model finds its answer."),
    drop,
    chosen(),
    samples(),
    h("p", { class: "quiet" },
      `Photographs stay on this machine and in memory: JPEG, PNG, WebP, GIF, BMP or TIFF, up to ${megabytes(bytes)} each.`),
  ); // prettier-ignore
}

function icon(): HTMLElement {
  // A picture with its map: four cells, from weak to strong.
  return h("span", { class: "glyph", "aria-hidden": "true" }, ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((at) => h("i", { "--at": at })));
}

function chosen(): HTMLElement {
  return h(
    "div",
    { class: "chosen" },
    h("div", {}, h("span", { class: "quiet" }, "Models"),
      ...choices.models.slice(0, 6).map((id) => h("span", { class: "tag" }, modelOf(id).label)),
      choices.models.length > 6 ? h("span", { class: "quiet" }, `and ${choices.models.length - 6} more`) : null,
      h("button", { type: "button", class: "link", onclick: () => openModels() }, "Choose models")),
    h("div", {}, h("span", { class: "quiet" }, "Methods"),
      ...choices.methods.slice(0, 6).map((method) => h("span", { class: "tag" }, labelOf(method))),
      h("button", { type: "button", class: "link", onclick: () => openMethods() }, "Choose methods")),
  ); // prettier-ignore
}

function samples(): HTMLElement | null {
  if (server.samples.length === 0) return null;
  const of = server.study ? `the study ${server.study.name}` : "Crosslight";
  return h(
    "section",
    { class: "samples", "aria-label": "Samples" },
    h("h2", {}, "Or try one that came with ", of),
    h(
      "div",
      { class: "strip" },
      ...server.samples.slice(0, SAMPLES).map((sample) =>
        h(
          "button",
          { type: "button", title: sample.name, onclick: () => void takeThisSample(sample.id) },
          h("img", { src: sampleAddress(sample.id, 192), alt: "", width: 96, height: 96, loading: "lazy" }),
          h("span", {}, sample.name),
        ),
      ),
    ),
  );
}
