// The board: methods or photographs down, models across.
import { h } from "../core/dom.js";
import { compact, firstName, percent } from "../core/words.js";
import { makeCell, refresh, type Cell } from "./cell.js";
import { openLarge } from "./large.js";
import {
  answersOf, choices, choose, currentPhoto, labelOf, loading, methodOf, modelOf, photoOf, pictures, places, results,
  keyOf, type Change, type Place,
} from "./state.js"; // prettier-ignore
import { retry, update } from "./work.js";

let cells: Cell[][] = [];
let heads: { model: number; answers: HTMLElement }[] = [];
let thumbs: { photo: string; canvas: HTMLCanvasElement }[] = [];
let root: HTMLElement | null = null;
let here: [number, number] = [0, 0];
const watch = new ResizeObserver(() => paintAll());

/** The board as chosen now, built anew. */
export function boardElement(): HTMLElement {
  const rows = places();
  cells = rows.map((row) => row.map(makeCell));
  heads = choices.models.map((model) => ({ model, answers: h("div", { class: "answers" }) }));
  thumbs = [];
  here = [Math.min(here[0], Math.max(0, cells.length - 1)), Math.min(here[1], Math.max(0, choices.models.length - 1))];
  const byPhoto = choices.layout === "photo";
  const grid = h(
    "div",
    {
      class: `board ${byPhoto ? "by-method" : "by-photo"}`,
      role: "grid",
      "aria-label": byPhoto ? `Maps of ${currentPhoto()?.name ?? ""}: methods by models` : "Maps: photographs by models",
      "aria-rowcount": cells.length + 1,
      "--columns": choices.models.length,
      onkeydown: ((event: KeyboardEvent) => move(event)) as EventListener,
      onclick: ((event: MouseEvent) => click(event)) as EventListener,
    },
    headRow(byPhoto),
    ...cells.map((row, at) => h("div", { class: "row", role: "row" }, rowHead(row[0]?.place, at), ...row.map((cell) => cell.element))),
  );
  root = h("div", { class: "scroll", tabindex: "-1" }, grid);
  watch.disconnect();
  watch.observe(root);
  mark();
  return root;
}

function headRow(byPhoto: boolean): HTMLElement {
  const corner = h("div", { class: "corner", role: "columnheader" });
  const photo = currentPhoto();
  if (byPhoto && photo) corner.append(thumb(photo.id), h("span", { class: "file", title: photo.name }, photo.name));
  else corner.append(h("span", { class: "quiet" }, "Photographs"));
  return h(
    "div",
    { class: "row heads", role: "row" },
    corner,
    ...heads.map(({ model, answers }) => {
      const about = modelOf(model);
      return h(
        "div",
        { class: "head", role: "columnheader" },
        h("strong", { title: about.source }, about.label),
        h("small", {}, [about.family, about.parameters ? compact(about.parameters) : ""].filter(Boolean).join(" · ")),
        byPhoto ? answers : null,
      );
    }),
  );
}

function thumb(photo: string): HTMLCanvasElement {
  const about = photoOf(photo)!;
  const canvas = h("canvas", { class: "thumb", "aria-hidden": "true", "--a": about.width / about.height });
  thumbs.push({ photo, canvas });
  return canvas;
}

function rowHead(place: Place | undefined, at: number): HTMLElement {
  if (!place) return h("div", { class: "rowhead", role: "rowheader" });
  if (choices.layout === "method") {
    const photo = photoOf(place.photo)!;
    const open = (): void => {
      choose({ layout: "photo", photo: photo.id });
      update(0);
    };
    return h(
      "div",
      { class: "rowhead", role: "rowheader" },
      thumb(photo.id),
      h("button", { type: "button", class: "link", title: `All methods for ${photo.name}`, onclick: open }, photo.name),
    );
  }
  const method = methodOf(place.method);
  return h(
    "div",
    { class: "rowhead", role: "rowheader", "data-row": at },
    h("strong", { title: method.summary }, labelOf(place.method)),
    h("small", {}, `${method.group} · ${method.cost.words}`),
  );
}

/** Bring the board up to date with what came in. */
export function refreshBoard(changes: Set<Change>): void {
  if (changes.has("style") || changes.has("cells") || changes.has("progress")) for (const row of cells) row.forEach(refresh);
  if (!changes.has("cells")) return;
  for (const { photo, canvas } of thumbs) paintThumb(photo, canvas);
  const photo = currentPhoto();
  if (photo && choices.layout === "photo") for (const head of heads) fillAnswers(head.answers, photo.id, head.model);
}

/** Paint everything, once the board has its place on the page. */
export function paintAll(): void {
  refreshBoard(new Set<Change>(["cells", "style"]));
}

function paintThumb(photo: string, canvas: HTMLCanvasElement): void {
  const picture = pictures.get(photo);
  if (!picture || canvas.dataset["there"]) return;
  canvas.dataset["there"] = "1";
  const ratio = Math.min(2, devicePixelRatio || 1);
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

/** Bars of a model's likeliest classes; a click explains that class. */
export function answerBars(photo: string, model: number, count: number): HTMLElement[] {
  const top = answersOf(photo, model);
  if (!top) return [h("p", { class: "wait" }, loading.has(model) ? "Loading the model" : "Prediction to come")];
  const target = choices.target;
  return top.slice(0, count).map((answer) => {
    const chosen = target.kind === "class" && target.name === answer.name;
    return h(
      "button",
      {
        type: "button", class: "answer", tabindex: count > 3 ? "0" : "-1", "--p": answer.p, "aria-pressed": String(chosen),
        title: `Explain ${answer.name}`, "data-class": answer.name,
        onclick: ((event: MouseEvent) => {
          event.stopPropagation();
          choose({ target: chosen ? { kind: "own" } : { kind: "class", name: answer.name } });
          update(0);
        }) as EventListener,
      },
      h("span", { class: "hidden" }, "Explain "), h("span", { class: "class" }, firstName(answer.name)), h("span", { class: "p" }, ` ${percent(answer.p)}`),
    ); // prettier-ignore
  });
}

const filled = new WeakMap<HTMLElement, string>();

function fillAnswers(element: HTMLElement, photo: string, model: number): void {
  const key = JSON.stringify([answersOf(photo, model), choices.target, loading.has(model), photo]);
  if (filled.get(element) === key) return;
  const focused = element.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["class"] : null;
  filled.set(element, key);
  element.replaceChildren(...answerBars(photo, model, 3));
  if (focused) element.querySelector<HTMLElement>(`[data-class="${CSS.escape(focused)}"]`)?.focus();
}

function cellOf(target: EventTarget | null): [number, number] | null {
  const element = target instanceof Element ? target.closest(".cell") : null;
  for (const [row, line] of cells.entries()) {
    const column = line.findIndex((cell) => cell.element === element);
    if (column >= 0) return [row, column];
  }
  return null;
}

function click(event: MouseEvent): void {
  const at = cellOf(event.target);
  if (at) activate(at);
}

function activate(at: [number, number]): void {
  here = at;
  mark();
  const { place, element } = cells[at[0]]![at[1]]!;
  const known = results.get(keyOf(place));
  if (known?.state === "stopped" || known?.state === "failed") return retry(place);
  openLarge(place, () => {
    const back = cells[here[0]]?.[here[1]]?.element ?? element;
    back.focus();
  });
}

// One cell of the grid is in the order of the tabulator, and arrows lead to the others.
function mark(): void {
  for (const row of cells) for (const cell of row) cell.element.tabIndex = -1;
  const cell = cells[here[0]]?.[here[1]];
  if (cell) cell.element.tabIndex = 0;
}

function move(event: KeyboardEvent): void {
  const at = cellOf(event.target);
  if (!at || event.target !== cells[at[0]]![at[1]]!.element || event.altKey || event.ctrlKey || event.metaKey) return;
  const last: [number, number] = [cells.length - 1, choices.models.length - 1];
  const steps: Record<string, [number, number]> = {
    ArrowUp: [Math.max(0, at[0] - 1), at[1]],
    ArrowDown: [Math.min(last[0], at[0] + 1), at[1]],
    ArrowLeft: [at[0], Math.max(0, at[1] - 1)],
    ArrowRight: [at[0], Math.min(last[1], at[1] + 1)],
    Home: [at[0], 0],
    End: [at[0], last[1]],
    PageUp: [0, at[1]],
    PageDown: [last[0], at[1]],
  };
  const next = steps[event.key];
  if (event.key === "Enter" || event.key === " ") activate(at);
  else if (next) {
    here = next;
    mark();
    cells[here[0]]![here[1]]!.element.focus();
  } else return;
  event.preventDefault();
}

/** Remember where the large view went, so that closing it comes back to there. */
export function comeFrom(place: Place): void {
  for (const [row, line] of cells.entries()) {
    const column = line.findIndex((cell) => keyOf(cell.place) === keyOf(place));
    if (column >= 0) here = [row, column];
  }
  mark();
}

/** Rows and columns as they are, for saving a picture of the board. */
export function boardCells(): Cell[][] {
  return cells;
}
