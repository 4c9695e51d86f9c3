// The pictures of the large view: one, two beside each other, or two in one place; with a cross-hair that reads values.
import type { Comparison } from "./comparing.js";
import { h } from "./dom.js";
import { paint, valueAt, type Picture, type Style, type Tile } from "./overlay.js";
import { number } from "./words.js";

/** One map of those that are shown. */
export interface Plate {
  title: string;
  /** what is drawn: the map, or how two differ */
  tile: Tile | null;
  /** the map itself */
  own: Tile | null;
  /** why there is no map */
  reason: string;
  /** what the map says at a place of the photograph (0 to 1 across and down), in lines */
  read(x: number, y: number): string[];
}

/** What is to be seen. */
export interface Scene {
  /** width and height of the upright photograph */
  size: readonly [number, number];
  photo: Picture | null;
  plates: Plate[];
  compare: Comparison;
  style: Style;
  /** the photograph alone */
  bare: boolean;
}

interface Frame {
  element: HTMLElement;
  plate: HTMLElement;
  caption: HTMLElement;
  canvases: [HTMLCanvasElement, HTMLCanvasElement];
}

function frame(): Frame {
  const canvases: [HTMLCanvasElement, HTMLCanvasElement] = [h("canvas", { "aria-hidden": "true" }), h("canvas", { "aria-hidden": "true", class: "over" })];
  const plate = h(
    "div",
    { class: "plate", tabindex: 0, role: "application", "aria-roledescription": "map" },
    ...canvases,
    h("span", { class: "note-none" }),
    h("i", { class: "cross across" }),
    h("i", { class: "cross down" }),
    h("i", { class: "swiper" }),
  );
  const caption = h("figcaption", {});
  return { element: h("figure", {}, plate, caption), plate, caption, canvases };
}

export interface Stage {
  element: HTMLElement;
  draw(scene: Scene): void;
  /** which of two in one place is seen: the first, or the second */
  flip(second: boolean): void;
  /** how much of the first is seen, 0 to 1 */
  swipe(share: number): void;
  /** where the cross-hair is, 0 to 1 across and down the photograph; null where there is none */
  point(at: [number, number] | null): void;
}

/** The pictures; `swiped` is told where a person drags the border of two. */
export function makeStage(swiped: (share: number) => void): Stage {
  const frames = [frame(), frame()] as const;
  const reading = h("div", { class: "reading", id: "reading", "aria-live": "polite" });
  const row = h("div", { class: "plates" }, frames[0].element, frames[1].element);
  const element = h("div", { class: "stage" }, row, reading);
  let scene: Scene | null = null;
  let at: [number, number] | null = null;
  let share = 0.5;

  function point(next: [number, number] | null): void {
    at = next;
    for (const one of frames) {
      one.plate.classList.toggle("pointed", at !== null);
      if (!at) continue;
      one.plate.style.setProperty("--x", `${100 * at[0]}%`);
      one.plate.style.setProperty("--y", `${100 * at[1]}%`);
    }
    read();
  }

  function read(): void {
    if (!scene) return;
    const now = scene;
    if (!at) {
      reading.replaceChildren(h("p", { class: "quiet" }, "Point at the picture, or give it the focus and press arrow keys, to read values."));
      return;
    }
    const [x, y] = at;
    const blocks = now.plates.map((plate, i) => {
      const [head, ...lines] = plate.read(x, y);
      const letter = now.plates.length > 1 ? `${"AB"[i]}: ` : "";
      return h("p", {}, h("b", {}, `${letter}${head}`), ...lines.map((line) => h("span", {}, line)));
    });
    const apart = now.compare === "difference" && now.plates[0]?.tile;
    const value = apart ? valueAt(apart, now.size, x, y) : null;
    if (value !== null) blocks.push(h("p", {}, h("b", {}, "A − B"), h("span", {}, `${number(value, 2)} of their maxima`)));
    reading.replaceChildren(...blocks);
  }

  for (const one of frames) {
    const where = (event: PointerEvent): [number, number] => {
      const box = one.canvases[0].getBoundingClientRect();
      return [Math.min(0.9999, Math.max(0, (event.clientX - box.left) / box.width)), Math.min(0.9999, Math.max(0, (event.clientY - box.top) / box.height))];
    };
    one.plate.addEventListener("pointermove", (event) => {
      point(where(event));
      if (scene?.compare === "swipe" && event.buttons & 1) swiped(where(event)[0]);
    });
    one.plate.addEventListener("pointerdown", (event) => {
      if (scene?.compare === "swipe") swiped(where(event)[0]);
      point(where(event));
    });
    one.plate.addEventListener("pointerleave", () => document.activeElement !== one.plate && point(null));
    one.plate.addEventListener("keydown", (event) => {
      const steps: Record<string, [number, number]> = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
      const step = steps[event.key];
      if (!step || !scene || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      const [dx, dy] = pace(scene);
      const [x, y] = at ?? [0.5 - step[0] * dx, 0.5 - step[1] * dy];
      point([Math.min(0.9999, Math.max(0, x + step[0] * dx)), Math.min(0.9999, Math.max(0, y + step[1] * dy))]);
    });
  }

  return {
    element,
    draw(next) {
      scene = next;
      const two = next.plates.length > 1;
      element.dataset["compare"] = next.compare;
      frames[1].element.hidden = next.compare !== "beside";
      const [w, h] = next.size;
      const columns = next.compare === "beside" && innerWidth > 736 ? 2 : 1;
      const room = (row.clientWidth - 14 * (columns - 1)) / columns;
      const scale = Math.min(room / w, Math.max(160, innerHeight * (innerWidth > 736 ? 0.62 : 0.42)) / h);
      const size: [number, number] = [Math.max(40, Math.floor(w * scale)), Math.max(40, Math.floor(h * scale))];
      const letters = two ? ["A: ", "B: "] : ["", ""];
      const captions = next.plates.map((plate, i) => `${letters[i]}${plate.title}`);
      frames.forEach((one, i) => {
        one.plate.style.width = `${size[0]}px`;
        one.plate.style.height = `${size[1]}px`;
        const inPlace = i === 0 && (next.compare === "flicker" || next.compare === "swipe");
        const shown = i === 0 ? [next.plates[0], inPlace ? next.plates[1] : undefined] : [next.plates[1], undefined];
        one.plate.setAttribute("aria-label", `${inPlace ? captions.join(" and ") : (captions[i] ?? "")} over the photograph; arrow keys move the cross-hair`);
        one.caption.textContent = next.compare === "difference" ? "A − B" : inPlace ? captions.join(" · ") : two ? (captions[i] ?? "") : "";
        const note = one.plate.querySelector<HTMLElement>(".note-none")!;
        const reason = shown[0] && !shown[0].tile && !next.bare ? shown[0].reason : "";
        note.hidden = !reason;
        one.plate.classList.toggle("hatched", Boolean(reason));
        const bold = document.createElement("b");
        bold.textContent = reason || "";
        note.replaceChildren(bold);
        shown.forEach((plate, k) => {
          const canvas = one.canvases[k]!;
          canvas.hidden = !plate;
          if (!plate) return;
          fit(canvas, ...size);
          const context = canvas.getContext("2d")!;
          const style = next.compare === "difference" && next.style.mode === "segments" ? { ...next.style, mode: "heat" as const } : next.style;
          paint(context, { x: 0, y: 0, width: canvas.width, height: canvas.height }, next.photo, [w, h], next.bare ? null : plate.tile, style);
        });
        one.canvases[1].style.clipPath = next.compare === "swipe" ? `inset(0 0 0 ${100 * share}%)` : "";
      });
      read();
    },
    flip(second) {
      frames[0].canvases[1].style.visibility = second ? "visible" : "hidden";
      frames[0].plate.dataset["side"] = second ? "B" : "A";
    },
    swipe(next) {
      share = next;
      frames[0].canvases[1].style.clipPath = `inset(0 0 0 ${100 * share}%)`;
      frames[0].canvases[1].style.visibility = "visible";
      frames[0].plate.style.setProperty("--swipe", `${100 * share}%`);
    },
    point,
  };
}

// Pixels of the screen for one of the page; more than three are not seen.
function fit(canvas: HTMLCanvasElement, width: number, height: number): void {
  const density = Math.min(3, devicePixelRatio || 1);
  const [wide, high] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
}

// A cell of the map, and no less than a hundredth of the photograph.
function pace(scene: Scene): [number, number] {
  const tile = scene.plates[0]?.own;
  const [w, h] = scene.size;
  if (!tile) return [0.02, 0.02];
  const [left, top, right, bottom] = tile.box;
  return [Math.max(0.01, (right - left) / tile.cells[1] / w), Math.max(0.01, (bottom - top) / tile.cells[0] / h)];
}
