// Maps over photographs, small: in the drawer of a pair, in strips of images, side by side in a class.
import { data, loadMaps, loadPhoto, mapOf, prediction, sizeOf, labelOf, type MapFacts } from "./data.js";
import { h } from "./dom.js";
import { DEFAULT_STYLE, paint } from "./overlay.js";
import { percent } from "./words.js";

/** A canvas with a map over its photograph; `model` null for the photograph alone. It is drawn when its data is there. */
export function overlay(method: number, image: number, model: number | null, width: number): HTMLCanvasElement {
  const [wide, tall] = sizeOf(image);
  const height = Math.max(40, Math.min(1.6 * width, Math.round((width * tall) / wide)));
  const dots = Math.min(2, devicePixelRatio || 1);
  const canvas = h("canvas", {
    class: "overlay", width: Math.round(width * dots), height: Math.round(height * dots), role: "img",
    "aria-label": `${data.images[image].name}${model === null ? "" : `, map of ${data.models[model].label}`}`,
  }); // prettier-ignore
  void paintSmall(canvas, method, image, model).then(() => (canvas.dataset["drawn"] = ""));
  return canvas;
}

/** Draw a map over its photograph into a canvas as large as that is, when its data is there; what is known of the map. */
export async function paintSmall(canvas: HTMLCanvasElement, method: number, image: number, model: number | null): Promise<MapFacts | null> {
  const [photo] = await Promise.all([loadPhoto(image).catch(() => null), model === null ? null : loadMaps(method, image)]);
  const map = model === null ? null : mapOf(method, image, model);
  const area = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  paint(canvas.getContext("2d")!, area, photo, sizeOf(image), map?.tile ?? null, DEFAULT_STYLE);
  return map;
}

/** What a model said of an image, in a line; null where nobody knows. */
export function saidOf(model: number, image: number): HTMLElement | null {
  const said = prediction(model, image);
  if (!said) return null;
  const right = said.right === null ? "" : said.right ? "✓" : "✗";
  return h(
    "span",
    { class: `said-class${said.right === null ? "" : said.right ? " right" : " wrong"}` },
    right && h("i", { "aria-label": said.right ? "right" : "wrong" }, right),
    ` ${said.name} ${percent(said.p)}`,
  );
}

/** How an image is called: by its label, and its name where it has none. */
export function nameOf(image: number): string {
  return labelOf(image) || data.images[image].name;
}
