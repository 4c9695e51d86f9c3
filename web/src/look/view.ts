// Images x models under one method, as a grid of overlays.
import { by, h } from "../core/dom.js";
import { DEFAULT_STYLE, paint } from "../core/overlay.js";
import { data, loadMaps, loadPhoto, mapOf, sizeOf } from "../core/data.js";

/** A first sketch: one row, to see that maps and photographs arrive. */
export async function startLook(): Promise<void> {
  const root = by("look-root");
  const row = h("div", { class: "row" });
  root.append(row);
  await loadMaps(0, 0);
  const photo = await loadPhoto(0);
  data.models.forEach((_, model) => {
    const canvas = h("canvas", { width: 130, height: 130 });
    const map = mapOf(0, 0, model);
    row.append(canvas);
    paint(canvas.getContext("2d")!, { x: 0, y: 0, width: 130, height: 130 }, photo, sizeOf(0), map?.tile ?? null, DEFAULT_STYLE);
  });
}
