// The page around the board: what is chosen, in one bar.
import { h } from "../core/dom.js";
import { photoAddress } from "./api.js";
import { boardElement, paintAll, refreshBoard } from "./board.js";
import { drawingControls } from "./drawing.js";
import { pick, remove, underway } from "./intake.js";
import { openKeys } from "./keys.js";
import { progressElement, refreshProgress } from "./line.js";
import { addMethod, openMethods } from "./methods.js";
import { openModels } from "./models.js";
import { noticesElement } from "./notices.js";
import { openSaving } from "./saving.js";
import { startElement } from "./start.js";
import {
  choices, choose, currentMethod, currentPhoto, labelOf, methodKey, onChange, photos, server, tell, type Change,
} from "./state.js"; // prettier-ignore
import { targetField, type TargetField } from "./target.js";
import { counted } from "./words.js";
import { update } from "./work.js";

const content = h("main", { id: "content" });
let field: TargetField | null = null;
let built = "";

/** Build the page, and keep it up to date. */
export function startPage(root: HTMLElement): void {
  root.replaceChildren(
    h("a", { class: "skip", href: "#content" }, "To the board"),
    top(),
    noticesElement(),
    content,
  );
  onChange(refresh);
  tell("layout");
}

function top(): HTMLElement {
  const { study } = server;
  return h(
    "nav",
    { class: "masthead", "aria-label": "Crosslight" },
      h("strong", {}, "Crosslight"),
      study?.report ? h("a", { href: "/report/index.html", target: "_blank", rel: "noopener" }, `Report of ${study.name}`) : null,
      h("span", { class: "quiet device", title: "where the models run" }, server.device),
      h("button", { type: "button", class: "link", onclick: openKeys, "aria-label": "Keys", title: "Keys (?)" }, "?"),
  ); // prettier-ignore
}

// What decides which elements there are; everything else is filled into them.
function structure(): string {
  const { models, methods, layout } = choices;
  const current = layout === "photo" ? currentPhoto()?.id : currentMethod() && methodKey(currentMethod()!);
  return JSON.stringify([photos.map((photo) => photo.id), models, methods, layout, current, underway()]);
}

function refresh(changes: Set<Change>): void {
  if (changes.has("layout")) {
    const now = structure();
    if (now !== built) {
      built = now;
      rebuild();
      paintAll();
    } else refreshBoard(new Set<Change>(["cells"]));
    field?.sync();
  }
  refreshBoard(changes);
  if (photos.length > 0) refreshProgress(() => tell("progress"));
}

function rebuild(): void {
  const focused = document.activeElement;
  const id = focused instanceof HTMLElement && content.contains(focused) ? focused.id : "";
  const row = focused instanceof HTMLElement && focused.classList.contains("cell");
  if (photos.length === 0) {
    field = null;
    content.className = "begin";
    content.replaceChildren(startElement());
    return;
  }
  content.className = "shown";
  const scroll = content.querySelector(".scroll");
  const left = scroll?.scrollLeft ?? 0;
  const empty = choices.models.length === 0 || choices.methods.length === 0;
  const board = empty ? nothing() : boardElement();
  content.replaceChildren(h("h1", { class: "hidden" }, "What these models look at"), film(), bar(), progressElement(), board, foot());
  board.scrollLeft = left;
  if (row) content.querySelector<HTMLElement>(".cell[tabindex='0']")?.focus();
  else if (id) document.getElementById(id)?.focus();
}

function nothing(): HTMLElement {
  const what = choices.models.length === 0 ? "model" : "method";
  const open = what === "model" ? openModels : openMethods;
  return h("p", { class: "nothing" }, `No ${what} is chosen. `, h("button", { type: "button", class: "primary", onclick: open }, `Choose a ${what}`));
}

function film(): HTMLElement {
  const current = currentPhoto();
  return h(
    "div",
    { class: "film", role: "group", "aria-label": "Photographs" },
    ...photos.map((photo) =>
      h("div", { class: "still" },
        h("button", {
          id: `photo-${photo.id}`, type: "button", title: photo.name, "aria-label": photo.name,
          "aria-pressed": String(choices.layout === "photo" && photo.id === current?.id),
          onclick: () => { choose({ layout: "photo", photo: photo.id }); update(0); },
        }, h("img", { src: photoAddress(photo.id, 128), alt: "", width: 56, height: 56 })),
        h("button", { type: "button", class: "away", "aria-label": `Remove ${photo.name}`, title: "Remove", onclick: () => remove(photo.id) }, "×"))),
    underway() > 0 ? h("span", { class: "reading", role: "status" }, `Reading ${counted(underway(), "file")}`) : null,
    h("button", { id: "add", type: "button", class: "add", onclick: pick, title: "Add photographs (D)" }, "+", h("span", {}, "Add photographs")),
  ); // prettier-ignore
}

function bar(): HTMLElement {
  field = targetField();
  const several = photos.length > 1;
  const pill = (value: "photo" | "method", words: string): HTMLElement => {
    const input = h("input", { type: "radio", name: "layout", id: `layout-${value}`, checked: choices.layout === value });
    input.addEventListener("change", () => {
      choose({ layout: value });
      update(0);
    });
    return h("label", {}, input, h("span", {}, words));
  };
  const looks = h("details", { class: "looks" }, h("summary", {}, "Drawing"), drawingControls());
  return h(
    "div",
    { class: "tools" },
    several ? h("fieldset", { class: "pills" }, h("legend", { class: "hidden" }, "Rows"), pill("photo", "One photograph"), pill("method", "All photographs")) : null,
    choices.layout === "method" && choices.methods.length > 1 ? methodChoice() : null,
    h("button", { id: "open-models", type: "button", onclick: openModels, title: "Models (M)" }, counted(choices.models.length, "model")),
    h("button", { id: "open-methods", type: "button", onclick: openMethods, title: "Methods (X)" }, counted(choices.methods.length, "method")),
    field.element,
    looks,
    h("button", { id: "open-save", type: "button", onclick: openSaving, title: "Save (S)" }, "Save"),
  );
}

function methodChoice(): HTMLElement {
  const now = currentMethod()!;
  const select = h("select", { id: "the-method" }, ...choices.methods.map((method) =>
    h("option", { value: methodKey(method), selected: methodKey(method) === methodKey(now) }, labelOf(method)))); // prettier-ignore
  select.addEventListener("change", () => {
    choose({ method: select.value });
    update(0);
  });
  return h("label", { class: "by" }, h("span", {}, "by"), select);
}

// What could be looked at next: the cheapest method of every group that is not there yet.
function foot(): HTMLElement {
  const there = new Set(choices.methods.map((method) => method.name));
  const groups = [...new Set(server.methods.map((method) => method.group))];
  const next = groups.flatMap((group) => server.methods.filter((method) => method.group === group && !there.has(method.name)).slice(0, 1));
  const add = (name: string): void => {
    addMethod(name);
    document.getElementById("next-methods")?.focus();
  };
  return h(
    "div",
    { class: "foot" },
    h("div", { class: "next", id: "next-methods", tabindex: "-1", role: "group", "aria-label": "Add a method" },
      h("span", { class: "quiet" }, "Add a method"),
      ...next.map((method) =>
        h("button", { type: "button", title: method.summary, onclick: () => add(method.name) }, `+ ${method.label}`, h("small", {}, method.cost.words))),
      h("button", { type: "button", class: "link", onclick: openMethods }, "All methods")),
    h("p", { class: "quiet" }, "Click a map to see it in large and to compare it. Click a class to explain that class."),
  ); // prettier-ignore
}

export function focusTarget(): void {
  field?.focus();
}
