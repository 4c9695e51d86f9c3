// Which class is explained: each model's own answer, or one that is named (WAI-ARIA's combobox with a list).
import { h, say } from "../core/dom.js";
import { firstName, percent } from "../core/words.js";
import { readClasses } from "./api.js";
import { answersOf, choices, choose, currentPhoto, photos } from "./state.js";
import { counted } from "./words.js";
import { update } from "./work.js";

/** Classes shown at once; more are found by typing. */
const SHOWN = 40;
const OWN = "Each model's own answer";

interface Entry {
  name: string;
  note: string;
}

const known = new Map<number, Promise<string[]>>();

function classesOf(model: number): Promise<string[]> {
  const begun = known.get(model);
  if (begun) return begun;
  const asked = readClasses(model);
  known.set(model, asked);
  asked.catch(() => known.delete(model));
  return asked;
}

// Names with the number of chosen models that know them.
async function union(): Promise<Map<string, number>> {
  const lists = await Promise.all(choices.models.map((model) => classesOf(model).catch(() => [])));
  const found = new Map<string, number>();
  for (const names of lists) for (const name of new Set(names)) found.set(name, (found.get(name) ?? 0) + 1);
  return found;
}

// What the models think of the photographs that are shown, the likeliest first.
function likely(): Entry[] {
  const best = new Map<string, number>();
  const looked = choices.layout === "photo" ? [currentPhoto()].filter((photo) => photo !== undefined) : photos;
  for (const photo of looked) {
    for (const model of choices.models) {
      for (const answer of answersOf(photo.id, model) ?? []) {
        best.set(answer.name, Math.max(best.get(answer.name) ?? 0, answer.p));
      }
    }
  }
  const sorted = [...best].sort(([, a], [, b]) => b - a).slice(0, 8);
  return sorted.map(([name, p]) => ({ name, note: percent(p) }));
}

export interface TargetField {
  element: HTMLElement;
  focus: () => void;
  sync: () => void;
}

export function targetField(): TargetField {
  const input = h("input", {
    id: "target", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false",
    "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "target-list",
  }); // prettier-ignore
  const list = h("ul", { id: "target-list", role: "listbox", "aria-label": "Classes", hidden: true });
  const clear = h("button", { type: "button", class: "clear", "aria-label": "Explain each model's own answer", hidden: true }, "×");
  let entries: Entry[] = [];
  let active = -1;
  let names: Map<string, number> | null = null;

  function sync(): void {
    if (document.activeElement === input && !list.hidden) return;
    const { target } = choices;
    input.value = target.kind === "class" ? firstName(target.name) : OWN;
    input.title = target.kind === "class" ? target.name : "";
    clear.hidden = target.kind === "own";
    element.classList.toggle("set", target.kind !== "own");
  }

  function show(open: boolean): void {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) {
      active = -1;
      input.removeAttribute("aria-activedescendant");
    }
  }

  async function begin(): Promise<void> {
    input.select();
    fill("");
    show(true);
    names = await union();
    if (!list.hidden) fill(typed());
  }

  // While nothing was typed the field still shows what is chosen, and the list shows everything.
  let edited = false;
  function typed(): string {
    return edited ? input.value : "";
  }

  function fill(text: string): void {
    const wanted = text.trim().toLowerCase();
    const first = likely();
    const own: Entry[] = [{ name: OWN, note: "" }];
    if (!wanted) entries = [...own, ...first, ...others(first, "")].slice(0, SHOWN);
    else {
      const matches = first.filter((entry) => entry.name.toLowerCase().includes(wanted));
      const rest = OWN.toLowerCase().includes(wanted) ? own : [];
      entries = [...matches, ...others(first, wanted), ...rest].slice(0, SHOWN);
    }
    active = wanted && entries.length > 0 ? 0 : -1;
    draw(text);
  }

  function others(first: Entry[], wanted: string): Entry[] {
    if (!names) return [];
    const taken = new Set(first.map((entry) => entry.name));
    const fits = [...names].filter(([name]) => !taken.has(name) && name.toLowerCase().includes(wanted));
    // What begins with the letters comes before what merely has them.
    fits.sort(([a], [b]) => Number(!a.toLowerCase().startsWith(wanted)) - Number(!b.toLowerCase().startsWith(wanted)));
    const all = choices.models.length;
    return fits.map(([name, count]) => ({ name, note: count < all ? `${count} of ${counted(all, "model")}` : "" }));
  }

  function draw(text: string): void {
    const nothing = h("li", { class: "nothing", role: "option", "aria-disabled": "true" },
      names ? `No model has a class like “${text.trim()}”` : "Reading the models' classes"); // prettier-ignore
    list.replaceChildren(
      ...(entries.length === 0 ? [nothing] : entries.map((entry, at) =>
        h("li", {
          id: `target-${at}`, role: "option", "aria-selected": String(at === active), title: entry.name,
          onmousedown: (event) => { event.preventDefault(); accept(at); },
        }, h("span", { class: "class" }, entry.name), h("span", { class: "p" }, entry.note)))),
    ); // prettier-ignore
    if (active >= 0) {
      input.setAttribute("aria-activedescendant", `target-${active}`);
      list.children[active]?.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  function accept(at: number): void {
    const entry = entries[at];
    if (!entry) return;
    choose({ target: entry.name === OWN ? { kind: "own" } : { kind: "class", name: entry.name } });
    edited = false;
    show(false);
    sync();
    say(entry.name === OWN ? "Each model's own answer is explained." : `${firstName(entry.name)} is explained.`);
    update(0);
  }

  input.addEventListener("focus", () => void begin());
  input.addEventListener("click", () => {
    if (list.hidden) void begin();
  });
  input.addEventListener("input", () => {
    edited = true;
    show(true);
    fill(input.value);
  });
  input.addEventListener("blur", () => {
    show(false);
    edited = false;
    sync();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) void begin();
      const step = event.key === "ArrowDown" ? 1 : -1;
      active = entries.length === 0 ? -1 : (active + step + entries.length + (active < 0 && step < 0 ? 1 : 0)) % entries.length;
      draw(typed());
    } else if (event.key === "Enter" && active >= 0) accept(active);
    else if (event.key === "Escape") {
      if (list.hidden) input.blur();
      show(false);
      edited = false;
      sync();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  clear.addEventListener("click", () => {
    choose({ target: { kind: "own" } });
    sync();
    update(0);
  });
  const element = h("div", { class: "target" }, h("label", { for: "target" }, "Explain"), h("div", { class: "combo" }, input, clear, list));
  sync();
  return { element, focus: () => input.focus(), sync };
}

/** In words, for captions. */
export function targetWords(): string {
  return choices.target.kind === "class" ? firstName(choices.target.name) : "each model's own answer";
}
