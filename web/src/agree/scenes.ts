// The images on which models disagree most, and agree most: a strip of all models' maps for each.
import { data } from "../core/data.js";
import { h } from "../core/dom.js";
import { overlay } from "../core/small.js";
import { openLook } from "../look/open.js";
import type { Agree } from "./data.js";

const WIDTH = 96;

/** Fill the strips of a panel as they come into view. */
export function fillScenes(panel: Element, method: number, agree: Agree): void {
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watcher.unobserve(entry.target);
        fill(entry.target as HTMLElement, method, agree);
      }
    },
    { rootMargin: "1200px" }, // long before they are seen: maps of other images may have to be loaded first
  );
  for (const scene of panel.querySelectorAll<HTMLElement>(".scene")) watcher.observe(scene);
}

function fill(scene: HTMLElement, method: number, agree: Agree): void {
  const image = Number(scene.dataset["image"]);
  const apart = (scene.dataset["apart"] ?? "").split(" ").filter(Boolean).map(Number);
  const strip = scene.querySelector(".strip")!;
  strip.append(h("div", { class: "mini" }, overlay(method, image, null, WIDTH), h("span", {}, "photograph")));
  for (const model of agree.models) {
    if (model < 0) continue;
    strip.append(
      h(
        "button",
        { type: "button", class: `mini${apart.includes(model) ? " stands" : ""}`, title: "Open in Look", onclick: () => openLook({ method, open: [image, model] }) },
        overlay(method, image, model, WIDTH),
        h("span", {}, data.models[model].label),
      ),
    ); // prettier-ignore
  }
}
