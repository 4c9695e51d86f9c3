// The list of units: cards that exist only near the window, in a box that scrolls, walked through by the keyboard.
import { h } from "../core/dom.js";
import { makeCard, type CardSize } from "./card.js";
import type { Unit } from "./data.js";

/** Cards are at least so wide; the words below a card's pictures are so high. */
const [LEAST, WORDS, GAP] = [236, 72, 14];
/** Windows of cards that are kept ready above and below the one that is seen. */
const SPARE = 0.75;

export interface UnitList {
  element: HTMLElement;
  show(units: Unit[], score: string): void;
  /** put the focus on a unit, by its place in the list */
  focus(at: number): void;
  shown(): readonly Unit[];
}

/** Make the list; `open` is told of a unit that is chosen, by its place. */
export function makeList(open: (at: number) => void): UnitList {
  const rows = h("div", { class: "unit-rows", role: "listbox", id: "unit-list", "aria-label": "Units" });
  const frame = h("div", { class: "unit-frame" }, rows);
  const cards = new Map<number, HTMLElement>();
  let units: Unit[] = [];
  let score = "";
  let columns = 1;
  let size: CardSize = { width: LEAST, high: 120 };
  let wide = 0;
  let focused = 0;

  const step = (): number => size.high + WORDS + GAP;

  function measure(): void {
    const width = frame.clientWidth - 2;
    if (!width || width === wide) return;
    wide = width;
    columns = Math.max(1, Math.floor((width + GAP) / (LEAST + GAP)));
    const each = Math.floor((width - GAP * (columns - 1)) / columns);
    size = { width: each, high: Math.round(Math.min(168, each * 0.5)) };
    again();
  }

  function again(): void {
    for (const card of cards.values()) card.remove();
    cards.clear();
    rows.style.height = `${Math.ceil(units.length / columns) * step()}px`;
    frame.style.setProperty("--rows-high", rows.style.height);
    tick();
  }

  function tick(): void {
    const high = frame.clientHeight || 600;
    const first = Math.max(0, Math.floor((frame.scrollTop - SPARE * high) / step())) * columns;
    const last = Math.min(units.length, Math.ceil((frame.scrollTop + (1 + SPARE) * high) / step()) * columns);
    for (const [at, card] of cards) {
      if ((at >= first && at < last) || card === document.activeElement) continue;
      card.remove();
      cards.delete(at);
    }
    for (let at = first; at < last; at++) if (!cards.has(at)) put(at);
  }

  function put(at: number): HTMLElement {
    const card = makeCard(units[at], score, size);
    card.style.width = `${size.width}px`;
    card.style.height = `${step() - GAP}px`;
    card.style.left = `${(at % columns) * (size.width + GAP)}px`;
    card.style.top = `${Math.floor(at / columns) * step()}px`;
    card.dataset["at"] = String(at);
    card.setAttribute("aria-posinset", String(at + 1));
    card.setAttribute("aria-setsize", String(units.length));
    card.tabIndex = at === focused ? 0 : -1;
    cards.set(at, card);
    // In the order of the list, as screen readers go through it.
    const next = [...rows.children].find((other) => Number((other as HTMLElement).dataset["at"]) > at);
    rows.insertBefore(card, next ?? null);
    return card;
  }

  function mark(at: number): void {
    const before = cards.get(focused);
    if (before) before.tabIndex = -1;
    focused = at;
    const card = cards.get(at);
    if (card) card.tabIndex = 0;
  }

  function focus(at: number): void {
    if (!units.length) return;
    const to = Math.max(0, Math.min(units.length - 1, at));
    const top = Math.floor(to / columns) * step();
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (top + step() > frame.scrollTop + frame.clientHeight) frame.scrollTop = top + step() - frame.clientHeight;
    tick();
    mark(to);
    (cards.get(to) ?? put(to)).focus({ preventScroll: true });
  }

  const placeOf = (target: EventTarget | null): number | null => {
    const card = target instanceof Element ? target.closest<HTMLElement>(".unit-card") : null;
    return card ? Number(card.dataset["at"]) : null;
  };

  frame.addEventListener("scroll", () => requestAnimationFrame(tick), { passive: true });
  rows.addEventListener("click", (event) => {
    const at = placeOf(event.target);
    if (at === null) return;
    mark(at);
    open(at);
  });
  rows.addEventListener("keydown", (event) => {
    const at = placeOf(event.target);
    if (at === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = columns * Math.max(1, Math.floor(frame.clientHeight / step()));
    const steps: Record<string, number> = {
      ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns,
      PageDown: at + page, PageUp: at - page, Home: 0, End: units.length - 1,
    }; // prettier-ignore
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      focus(to);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(at);
    }
  });
  new ResizeObserver(measure).observe(frame);

  return {
    element: frame,
    show(next, by) {
      units = next;
      score = by;
      focused = 0;
      frame.scrollTop = 0;
      frame.hidden = !next.length;
      measure();
      again();
    },
    focus,
    shown: () => units,
  };
}
