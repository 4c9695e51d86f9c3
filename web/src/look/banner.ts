// What a person was sent here for: two models, some images; and the way back.
import { data } from "../core/data.js";
import { h } from "../core/dom.js";
import { menu } from "../core/fields.js";
import { look, set } from "./state.js";

function pairMenus([a, b]: [number, number]): HTMLElement[] {
  const names = data.models.map((model, i) => [String(i), model.label] as const);
  const choose = (at: 0 | 1) => (value: string): void => {
    const next: [number, number] = at === 0 ? [Number(value), b] : [a, Number(value)];
    if (next[0] === next[1]) next[1 - at] = at === 0 ? a : b; // the two change places
    set({ pair: next });
  };
  return [menu("pair-a", "", names, String(a), choose(0)), menu("pair-b", "and", names, String(b), choose(1))];
}

/** The line above the grid; `update` has it follow what is shown. */
export function banner(): { element: HTMLElement; update(): void } {
  const element = h("div", { class: "banner", id: "banner", hidden: true });
  const update = (): void => {
    const { pair, images, models, title, method } = look();
    element.hidden = !pair && !images && !models && !title;
    if (element.hidden) return;
    const all = (): void => set({ pair: null, images: null, models: null, title: "", order: "study" });
    const words = title || (pair ? "Images by how alike the maps are of" : "Some of the study's images and models");
    element.replaceChildren(
      h("span", {}, words),
      ...(pair ? pairMenus(pair) : []),
      h("button", { type: "button", id: "all", onclick: all }, "Show all"),
      h("a", { href: `#agree/${method}` }, "Back to Agree"),
    );
  };
  update();
  return { element, update };
}
