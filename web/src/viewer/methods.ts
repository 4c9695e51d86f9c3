// Choosing methods and their settings.
import { h } from "../core/dom.js";
import type { Method, Setting, Value } from "./api.js";
import { openSheet } from "./sheet.js";
import { choices, choose, methodKey, server, type Chosen } from "./state.js";
import { counted } from "./words.js";
import { update } from "./work.js";

const GROUPS: Record<string, string> = {
  CAM: "Class activation maps: a layer's features, weighted",
  gradients: "Gradients: how the answer moves with each pixel",
  attention: "Attention: where transformer layers attend",
  perturbation: "Perturbation: what hiding parts does to the answer",
};

export function openMethods(): void {
  const count = h("p", { class: "quiet", role: "status" });
  const tally = (): void => {
    count.textContent = `${counted(choices.methods.length, "method")} chosen of ${server.methods.length}`;
  };
  const names = [...new Set(server.methods.map((method) => method.group))];
  const groups = names.map((name) =>
    h(
      "section",
      {},
      h("h3", {}, GROUPS[name] ?? name),
      ...server.methods.filter((method) => method.group === name).map((method) => option(method, tally)),
    ),
  );
  tally();
  const { element } = openSheet("panel", "Methods", [count, h("div", { class: "list" }, ...groups)]);
  const first = element.querySelector<HTMLElement>("input[data-method]:checked") ?? element.querySelector<HTMLElement>("input[data-method]");
  first?.focus();
}

function chosenOf(method: Method): Chosen | undefined {
  return choices.methods.find((chosen) => chosen.name === method.name);
}

// The methods stand in the order of the server's list: the cheap ones of each group first.
function put(next: Chosen[]): void {
  const place = (chosen: Chosen): number => server.methods.findIndex((method) => method.name === chosen.name);
  choose({ methods: [...next].sort((a, b) => place(a) - place(b)) });
  update();
}

/** Take one more method, with its own settings. */
export function addMethod(name: string): void {
  put([...choices.methods, { name, settings: {} }]);
}

function option(method: Method, tally: () => void): HTMLElement {
  const box = h("input", { type: "checkbox", checked: chosenOf(method) !== undefined, "data-method": method.name });
  box.addEventListener("change", () => {
    const rest = choices.methods.filter((chosen) => chosen.name !== method.name);
    put(box.checked ? [...rest, { name: method.name, settings: read(form, method) ?? {} }] : rest);
    tally();
  });
  const form = settingsForm(method, () => {
    const settings = read(form, method);
    if (!settings) return;
    const before = chosenOf(method);
    box.checked = true;
    const next = { name: method.name, settings };
    const rest = choices.methods.filter((chosen) => chosen !== before);
    if (choices.method !== null && before && choices.method === methodKey(before)) choices.method = methodKey(next);
    put([...rest, next]);
    tally();
  });
  return h(
    "div",
    { class: "method" },
    h(
      "label",
      { class: "option" },
      box,
      h("span", {}, h("strong", {}, method.label), h("small", { class: method.cheap ? "cheap" : "" }, method.cost.words),
        h("small", { class: "summary" }, method.summary)),
    ),
    h(
      "details",
      {},
      h("summary", {}, method.settings.length > 0 ? "Settings and source" : "Source", h("span", { class: "hidden" }, ` of ${method.label}`)),
      h("dl", {}, ...(method.needs ? [h("dt", {}, "Needs"), h("dd", {}, method.needs)] : []), h("dt", {}, "Source"), h("dd", {}, method.reference)),
      method.settings.length > 0 ? form : null,
    ),
  ); // prettier-ignore
}

function settingsForm(method: Method, changed: () => void): HTMLFormElement {
  const given = chosenOf(method)?.settings ?? {};
  const form = h(
    "form",
    { class: "settings", novalidate: true, onsubmit: (event) => event.preventDefault() },
    ...method.settings.map((setting) => field(method, setting, given[setting.name] ?? setting.default)),
    h("button", { type: "button", class: "link", onclick: () => { reset(form, method); changed(); } }, "Back to the method's own"),
  ); // prettier-ignore
  form.addEventListener("change", changed);
  return form;
}

function field(method: Method, setting: Setting, value: Value): HTMLElement {
  const id = `set-${method.name}-${setting.name}`;
  const common = { id, name: setting.name, "aria-describedby": `${id}-help` };
  const shown = value === null || value === undefined ? "" : String(value);
  let input: HTMLElement;
  if (setting.type === "choice") {
    const values = [...(setting.optional ? [null] : []), ...(setting.choices ?? [])];
    input = h("select", common, ...values.map((choice) =>
      h("option", { value: choice === null ? "" : String(choice), selected: String(choice ?? "") === shown }, choice === null ? "by itself" : String(choice)))); // prettier-ignore
  } else if (setting.type === "bool") {
    input = h("input", { ...common, type: "checkbox", checked: value === true });
  } else if (setting.type === "text") {
    input = h("input", { ...common, type: "text", value: shown });
  } else {
    const step = setting.type === "int" ? 1 : "any";
    input = h("input", {
      ...common, type: "number", step, value: shown, min: setting.min, max: setting.max,
      required: !setting.optional, placeholder: setting.optional ? "by itself" : null,
    }); // prettier-ignore
  }
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, setting.name.replaceAll("_", " ")),
    input,
    h("small", { id: `${id}-help` }, setting.help ?? ""),
  );
}

// The settings that differ from the method's own; null where a field cannot be understood, which the browser shows.
function read(form: HTMLFormElement, method: Method): Record<string, Value> | null {
  if (!form.checkValidity()) {
    form.reportValidity();
    return null;
  }
  const settings: Record<string, Value> = {};
  for (const setting of method.settings) {
    const input = form.elements.namedItem(setting.name) as HTMLInputElement | HTMLSelectElement;
    let value: Value;
    if (setting.type === "bool") value = (input as HTMLInputElement).checked;
    else if (input.value === "" && setting.optional) value = null;
    else if (setting.type === "choice") value = setting.choices?.find((choice) => String(choice) === input.value) ?? input.value;
    else value = setting.type === "text" ? input.value : Number(input.value);
    if (value !== setting.default) settings[setting.name] = value;
  }
  return settings;
}

function reset(form: HTMLFormElement, method: Method): void {
  for (const setting of method.settings) {
    const input = form.elements.namedItem(setting.name) as HTMLInputElement | HTMLSelectElement;
    if (setting.type === "bool") (input as HTMLInputElement).checked = setting.default === true;
    else input.value = setting.default === null ? "" : String(setting.default);
  }
}
