// Which columns and which images are shown, and in which order.
import { data, labelOf, prediction } from "../core/data.js";
import { pairScores } from "../core/pairs.js";
import { fixed } from "../core/words.js";
import type { Look } from "./state.js";

/** A column of the grid: one model under one method. */
export interface Column {
  model: number;
  method: number;
}

export function columnsOf(look: Look): Column[] {
  if (look.columns === "methods") return data.methods.map((_, method) => ({ model: look.model, method }));
  const models = look.pair ?? look.models ?? data.models.map((_, model) => model);
  return models.map((model) => ({ model, method: look.method }));
}

/** How many images the methods that are shown explain; all but where a method has a limit. */
export function explained(look: Look): number {
  const all = data.images.length;
  if (look.columns === "methods") return all;
  return Math.min(data.methods[look.method]!.limit ?? all, all);
}

/** Labels that images have, as they are shown. */
export function labels(): string[] {
  const found = new Set(data.images.map((_, image) => labelOf(image)).filter(Boolean));
  return [...found].sort((a, b) => a.localeCompare(b));
}

/** What images are put in order by, and what stands beside each: how alike the maps of it are; null where unknown. */
function scoreOf(look: Look, image: number): number | null {
  if (look.pair) return pairScores(look.method, look.pair)?.[image] ?? null;
  return look.columns === "models" ? (data.methods[look.method]!.score[image] ?? null) : null;
}

/** What the score of an image says, in words; empty where there is none. */
export function scoreWords(look: Look, image: number): string {
  const score = scoreOf(look, image);
  if (score === null) return "";
  return look.pair ? `these two ${fixed(score)}` : `alike ${fixed(score)}`;
}

function passes(look: Look, image: number, models: readonly number[]): boolean {
  if (look.label && labelOf(image) !== look.label) return false;
  if (look.search) {
    const text = `${data.images[image]!.name}\n${labelOf(image)}\n${data.images[image]!.label ?? ""}`.toLocaleLowerCase();
    if (!text.includes(look.search.trim().toLocaleLowerCase())) return false;
  }
  if (look.filter === "all") return true;
  if (look.filter === "disagree" && models.length === data.models.length) return (data.agree[image] ?? 0) > 1;
  const said = models.map((model) => prediction(model, image)).filter((one) => one !== null);
  if (look.filter === "disagree") return new Set(said.map((one) => one.name.toLocaleLowerCase())).size > 1;
  if (look.filter === "wrong") return said.some((one) => one.right === false);
  return said.length > 0 && said.every((one) => one.right === true);
}

/** The images that are shown, in their order. */
export function imagesOf(look: Look): number[] {
  const models = [...new Set(columnsOf(look).map((column) => column.model))];
  const limit = explained(look);
  const from = look.images ?? data.images.map((_, image) => image);
  const rows = from.filter((image) => image < limit && passes(look, image, models));
  if (look.order === "study") return rows;
  const sign = look.order === "least" ? 1 : -1;
  const scores = new Map(rows.map((image) => [image, scoreOf(look, image)]));
  return rows.sort((a, b) => {
    const [first, second] = [scores.get(a) ?? null, scores.get(b) ?? null];
    if (first === null || second === null) return Number(first === null) - Number(second === null) || a - b;
    return sign * (first - second) || a - b;
  });
}

/** How many images are shown of how many, and why not all. */
export function countWords(look: Look, shown: number): string {
  const all = data.images.length;
  const limit = explained(look);
  const words = shown === all ? `${all} ${all === 1 ? "image" : "images"}` : `${shown} of ${all} images`;
  return limit < all ? `${words}; the method explains the first ${limit}` : words;
}
