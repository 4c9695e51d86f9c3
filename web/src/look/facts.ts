// All that is known of one map and of what the model said.
import { className, data, sizeOf, type MapFacts } from "../core/data.js";
import { h } from "../core/dom.js";
import { fixed, number } from "../core/words.js";
import type { Column } from "./images.js";

/** The five likeliest classes, with bars. */
export function predictions(image: number, model: number): HTMLElement {
  const column = data.models[model]!;
  const rows = (column.top[image] ?? []).flatMap((index, rank) => {
    const p = column.p[image]?.[rank] ?? null;
    if (index < 0) return [];
    const label = index === column.truth[image] && h("span", { class: "mark yes" }, " ✓ label");
    const meter = h("td", { class: "meter" }, h("i", { "--share": p ?? 0 }));
    return [h("tr", {}, h("td", {}, className(model, index), label), meter, h("td", { class: "n" }, p === null ? "" : `${fixed(100 * p, 1)} %`))];
  });
  const why = column.why[String(image)];
  const none = h("tr", {}, h("td", {}, `No prediction${why ? `: ${why}` : "."}`));
  return h("table", { class: "top" }, h("tbody", {}, ...(rows.length ? rows : [none])));
}

/** Terms and what they are for a map. */
export function factsOf(image: number, { model, method }: Column, map: MapFacts): HTMLElement {
  const about = data.methods[method]!;
  const label = data.models[model]!.label;
  const list = h("dl", {});
  const add = (term: string, text: string | null | undefined): void => {
    if (text) list.append(h("dt", {}, term), h("dd", {}, text));
  };
  add("status", map.tile ? map.status : map.reason);
  add("reason", map.why);
  if (map.target[0] >= 0) {
    const against = map.target[1] >= 0 ? ` against ${className(model, map.target[1])}` : "";
    add("explains", `${className(model, map.target[0])}${against} (${about.target})`);
  }
  if (map.range) add("raw values", `${number(map.range[0])} to ${number(map.range[1])}`);
  add("final step", about.finish === "none" ? "" : about.finish);
  const cells = about.cells[label];
  const shown = map.tile?.cells;
  const fewer = shown && cells && (shown[0] < cells[0] || shown[1] < cells[1]) ? `, shown with ${shown[0]} × ${shown[1]}` : "";
  add("cells", cells ? `${cells[0]} × ${cells[1]}${fewer}` : "");
  add("layer", about.sites[label]);
  for (const [name, value] of map.diagnostics) add(name.replaceAll("_", " "), value === null ? "" : number(value));
  const size = data.images[image]!.size;
  if (map.tile) {
    const edges = map.tile.box.map((edge) => Math.round(edge)).join(", ").replaceAll("-", "−");
    add("covers", size ? `${edges} of ${sizeOf(image).join(" × ")} pixels` : edges);
  }
  const score = about.score[image];
  add("models alike", score === null || score === undefined ? "" : `mean ${about.measure} ${fixed(score)}`);
  add("image", data.images[image]!.id);
  return list;
}
