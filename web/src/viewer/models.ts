// Choosing models.
import { h } from "../core/dom.js";
import { compact, percent } from "../core/words.js";
import type { Model } from "./api.js";
import { openSheet } from "./sheet.js";
import { choices, choose, server } from "./state.js";
import { counted } from "./words.js";
import { update } from "./work.js";

const ORIGINS: Record<string, string> = {
  "command line": "Named when the viewer was started",
  study: "Of the study",
  scenes: "Came with Crosslight",
  machine: "Weights on this machine",
};

export function openModels(): void {
  const count = h("p", { class: "quiet", role: "status" });
  const list = h("div", { class: "list" });
  const search = h("input", { type: "search", placeholder: "Search by name, family or source", "aria-label": "Search models" });
  const toggle = (model: Model, on: boolean): void => {
    const rest = choices.models.filter((id) => id !== model.id);
    choose({ models: on ? [...rest, model.id] : rest });
    update();
    tally();
  };
  const tally = (): void => {
    count.textContent = `${counted(choices.models.length, "model")} chosen of ${server.models.length}`;
  };
  const fill = (): void => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = server.models.filter((model) => {
      const text = `${model.label} ${model.family} ${model.source} ${model.origin}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const groups = Object.keys(ORIGINS).map((origin) => fits.filter((model) => model.origin === origin));
    list.replaceChildren(...groups.filter((group) => group.length > 0).map((group) => groupOf(group, toggle)));
    if (fits.length === 0) list.replaceChildren(h("p", { class: "quiet" }, `No model matches “${search.value}”.`));
  };
  search.addEventListener("input", fill);
  fill();
  tally();
  openSheet("panel", "Models", [search, count, list]);
  search.focus();
}

function groupOf(models: Model[], toggle: (model: Model, on: boolean) => void): HTMLElement {
  const families = [...new Set(models.map((model) => model.family))];
  const sorted = families.flatMap((family) => models.filter((model) => model.family === family));
  return h(
    "section",
    {},
    h("h3", {}, ORIGINS[models[0]!.origin] ?? models[0]!.origin),
    ...sorted.map((model) => {
      const facts = [
        model.family,
        model.parameters ? `${compact(model.parameters)} parameters` : "",
        model.input ? `${model.input[0]} × ${model.input[1]} px` : "",
        model.accuracy !== null ? `${percent(model.accuracy)} right` : "",
      ];
      const box = h("input", { type: "checkbox", checked: choices.models.includes(model.id), "data-model": model.id });
      box.addEventListener("change", () => toggle(model, box.checked));
      return h(
        "label",
        { class: "option" },
        box,
        h("span", {}, h("strong", {}, model.label), h("small", {}, facts.filter(Boolean).join(" · ") || model.source)),
      );
    }),
  );
}
