// How values of measures are said.
import { fixed, percent, whole } from "../core/words.js";
import { className, MISSING, type Run } from "./data.js";
import type { About } from "./measures.js";

export function valueText(about: About, value: number): string {
  if (!Number.isFinite(value)) return about.name === "forgetting" ? "never right" : "–";
  if (about.kind === "share") return fixed(value, 3);
  return about.kind === "count" ? String(value) : fixed(value, 2);
}

/** An image in a line: what it shows, and what was said. */
export function imageText(run: Run, image: number, place: number): string {
  const said = run.predictions[place]?.[image] ?? MISSING;
  const truth = run.labels[image];
  return `${run.ids[image]}: ${truth === MISSING ? "" : `${className(run, truth)}, `}predicted ${className(run, said)} at epoch ${run.epochs[place] ?? "–"}`;
}

export function images(count: number): string {
  return `${whole(count)} image${count === 1 ? "" : "s"}`;
}

export function shareText(part: number, all: number): string {
  return all ? `${whole(part)} of ${whole(all)}, ${percent(part / all)}` : "none";
}
