// Menus and pills: one of several things is chosen.
import { h } from "./dom.js";

export type Options = readonly (readonly [value: string, words: string])[];

/** A menu with its label; `id`, where it has one, names it for tests and for the focus. */
export function menu(id: string, words: string, options: Options, value: string, choose: (value: string) => void): HTMLElement {
  const select = h(
    "select",
    { id: id || null, "aria-label": words || null, onchange: () => choose(select.value) },
    ...options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
  );
  return h("label", { class: "menu" }, h("span", {}, words), select);
}

/** Pills of which one is chosen. */
export function pills(name: string, words: string, options: Options, value: string, choose: (value: string) => void): HTMLElement {
  const radio = (key: string, text: string): HTMLElement =>
    h(
      "label",
      {},
      h("input", { type: "radio", name, value: key, checked: key === value, onchange: () => choose(key) }),
      h("span", {}, text),
    );
  return h("fieldset", { class: "methods" }, h("legend", {}, words), h("div", { class: "pills" }, ...options.map(([key, text]) => radio(key, text))));
}
