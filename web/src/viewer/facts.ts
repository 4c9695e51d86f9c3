// What is known of a map, beside it.
import { h } from "../core/dom.js";
import { number, percent } from "../core/words.js";
import { answerBars } from "./board.js";
import { saveMapPicture, saveMapTable } from "./saving.js";
import { answersOf, keyOf, methodOf, modelOf, photoOf, results, targetKey, type Place } from "./state.js";
import { duration } from "./words.js";

/** Fill in what is known of a place; what has the focus keeps it. */
export function fillFacts(element: HTMLElement, place: Place): void {
  const result = results.get(keyOf(place));
  const key = JSON.stringify([keyOf(place), result?.state, answersOf(place.photo, place.model), targetKey()]);
  if (element.dataset["key"] === key) return;
  const focused = element.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["class"] : null;
  element.dataset["key"] = key;
  const method = methodOf(place.method);
  const there = result?.state === "done";
  element.replaceChildren(
    h("h3", {}, `${modelOf(place.model).label} answers`),
    h("div", { class: "answers" }, ...answerBars(place.photo, place.model, 5)),
    h("h3", {}, "This map"),
    h("dl", {}, ...rowsOf(place).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("h3", {}, method.label),
    h("p", {}, method.summary),
    h("p", { class: "quiet" }, `${method.reference}. ${method.cost.words}.`),
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", disabled: !there, onclick: () => saveMapPicture(place) }, "PNG of this map"),
      h("button", { type: "button", disabled: !there, onclick: () => saveMapTable(place) }, "Values as CSV"),
    ),
  );
  if (focused) element.querySelector<HTMLElement>(`[data-class="${CSS.escape(focused)}"]`)?.focus();
}

function rowsOf(place: Place): [string, string][] {
  const photo = photoOf(place.photo)!;
  const result = results.get(keyOf(place));
  const rows: [string, string][] = [["Photograph", `${photo.name}, ${photo.width} × ${photo.height}`]];
  if (result?.state === "skipped" || result?.state === "failed") rows.push([result.state === "failed" ? "Failed" : "Not possible", result.reason]);
  if (result?.state !== "done") return rows;
  const { tile, target } = result;
  const [left, top, right, bottom] = tile.box;
  const share = ((right - left) * (bottom - top)) / (photo.width * photo.height);
  rows.push(["Explained", `${target.name} (${percent(target.p)})`]);
  rows.push(["Values", `${number(tile.range[0])} to ${number(tile.range[1])}`]);
  rows.push(["Cells", `${tile.native[0]} × ${tile.native[1]}`]);
  rows.push(["Sees", share > 0.999 ? "the whole photograph" : `${percent(share)} of the photograph`]);
  rows.push(["Took", duration(result.seconds)]);
  for (const [name, value] of Object.entries(result.diagnostics)) rows.push([name.replaceAll("_", " "), number(value)]);
  return rows;
}
