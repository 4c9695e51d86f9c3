// The page around the board: what is chosen, in one bar.
import { arrange, h } from "../core/dom.js";
import { boardElement, paintAll, refreshBoard } from "./board.js";
import { drawingControls } from "./drawing.js";
import { filmElement } from "./film.js";
import { underway } from "./intake.js";
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
const heading = h("h1", { class: "hidden" }, "What these models look at");
let field: TargetField | null = null;

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

function refresh(changes: Set<Change>): void {
  if (changes.has("layout")) {
    rebuild();
    field?.sync();
  }
  refreshBoard(changes);
  if (photos.length > 0) refreshProgress(() => tell("progress"));
}

const parts = new Map<string, { key: string; element: HTMLElement }>();

// A part of the page is made anew only where it would be another one, so that what is open, focused or just being clicked stays.
function part(name: string, of: unknown, make: () => HTMLElement): HTMLElement {
  const key = JSON.stringify(of);
  const known = parts.get(name);
  if (known?.key === key) return known.element;
  const element = make();
  parts.set(name, { key, element });
  return element;
}

function rebuild(): void {
  const { models, methods, layout } = choices;
  const before = parts.get("board")?.element;
  const left = before?.scrollLeft ?? 0;
  const focused = document.activeElement instanceof HTMLElement && content.contains(document.activeElement) ? document.activeElement : null;
  content.className = photos.length === 0 ? "begin" : "shown";
  if (photos.length === 0) {
    parts.delete("board");
    arrange(content, [part("start", [models, methods, underway()], startElement)]);
    return;
  }
  const method = currentMethod();
  const by = layout === "photo" ? currentPhoto()?.id : [photos.map((photo) => photo.id), method && methodKey(method)];
  const empty = models.length === 0 || methods.length === 0;
  const board = part("board", [models, methods, layout, by], () => (empty ? nothing() : boardElement()));
  arrange(content, [
    heading,
    filmElement(),
    part("bar", [models.length, methods, layout, photos.length > 1, method && methodKey(method)], bar),
    progressElement(),
    board,
    part("foot", methods, foot),
  ]);
  if (board === before) refreshBoard(new Set<Change>(["cells"]));
  else {
    board.scrollLeft = left;
    paintAll();
  }
  if (!focused || focused.isConnected) return;
  if (focused.classList.contains("cell")) board.querySelector<HTMLElement>(".cell[tabindex='0']")?.focus();
  else if (focused.id) document.getElementById(focused.id)?.focus();
}

function nothing(): HTMLElement {
  const what = choices.models.length === 0 ? "model" : "method";
  const open = what === "model" ? openModels : openMethods;
  return h("p", { class: "nothing" }, `No ${what} is chosen. `, h("button", { type: "button", class: "primary", onclick: open }, `Choose a ${what}`));
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
  looks.addEventListener("toggle", () => looks.open && looks.lastElementChild!.replaceWith(drawingControls())); // the large view has its own
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
