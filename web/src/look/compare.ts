// How two maps are held against each other: what the second is, flicker and its rate, the border of a swipe.
import { data } from "../core/data.js";
import { h, type Child } from "../core/dom.js";
import { menu, pills } from "./controls.js";
import type { Column } from "./images.js";
import { COMPARISONS, look, set, type Comparison } from "./state.js";

const WORDS: Record<Comparison, string> = {
  one: "one map",
  beside: "side by side",
  flicker: "flicker",
  swipe: "swipe",
  difference: "difference",
};

/** Cycles of A and B in a second: the usual rate, and the most; from three on, flashing can harm. */
export const RATE = 1.5;
const MOST_RATE = 2.8;

/** The map that stands against the one that is open. */
export function besideOf(): Column {
  const { beside, open, method } = look();
  const model = open?.[1] ?? 0;
  if (beside) return { model: beside[0], method: beside[1] };
  if (data.models.length > 1) return { model: (model + 1) % data.models.length, method };
  return { model, method: (method + 1) % data.methods.length };
}

export interface Comparing {
  element: HTMLElement;
  /** make the controls anew for what is shown; `alike` is said of the two maps */
  update(alike: string): void;
  /** stop what moves */
  stop(): void;
  share(next: number): void;
}

/** The controls; `flip` shows the second of two, `swipe` so much of the first. */
export function makeComparing(flip: (second: boolean) => void, swipe: (share: number) => void): Comparing {
  const element = h("div", { class: "comparing" });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let rate = RATE;
  let playing = !still;
  let timer = 0;
  let second = false;
  let share = 0.5;
  let mode: Comparison = "one";

  function turn(): void {
    second = !second;
    flip(second);
  }

  function run(): void {
    clearInterval(timer);
    timer = 0;
    if (mode === "flicker" && playing) timer = window.setInterval(turn, 500 / rate);
  }

  function flickerControls(): Child[] {
    const speed = h("input", { type: "range", id: "rate", min: 0.25, max: MOST_RATE, step: 0.05, value: rate });
    const words = h("output", {}, `${rate} Hz`);
    speed.addEventListener("input", () => {
      rate = Math.min(MOST_RATE, Number(speed.value));
      words.textContent = `${rate} Hz`;
      run();
    });
    const play = h("button", { type: "button", id: "play", "aria-pressed": String(playing) }, playing ? "Pause" : "Play");
    play.addEventListener("click", () => {
      playing = !playing;
      play.textContent = playing ? "Pause" : "Play";
      play.setAttribute("aria-pressed", String(playing));
      run();
    });
    const step = h("button", { type: "button", id: "turn", onclick: turn }, "A / B");
    return [play, step, h("label", { class: "menu" }, h("span", {}, "rate"), speed, words)];
  }

  function swipeControls(): Child[] {
    const slider = h("input", { type: "range", id: "swipe", min: 0, max: 100, value: Math.round(100 * share) });
    slider.addEventListener("input", () => {
      share = Number(slider.value) / 100;
      swipe(share);
    });
    return [h("label", { class: "menu" }, h("span", {}, "A"), slider, h("span", {}, "B"))];
  }

  return {
    element,
    update(alike) {
      const now = look();
      mode = now.compare;
      const modes = data.models.length * data.methods.length > 1 ? COMPARISONS : COMPARISONS.slice(0, 1);
      const b = besideOf();
      const active = element.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
      const key = active?.id ? `#${active.id}` : active ? "input[name=compare]:checked" : "";
      const choices: Child[] = [
        data.models.length > 1 && menu("b-model", "with", data.models.map((one, i) => [String(i), one.label]), String(b.model), (value) => set({ beside: [Number(value), besideOf().method] })),
        data.methods.length > 1 && menu("b-method", data.models.length > 1 ? "" : "with", data.methods.map((one, i) => [String(i), one.label]), String(b.method), (value) => set({ beside: [besideOf().model, Number(value)] })),
        ...(mode === "flicker" ? flickerControls() : mode === "swipe" ? swipeControls() : []),
        alike && h("span", { class: "alike", id: "alike" }, alike),
      ];
      element.replaceChildren(
        pills("compare", "Compare", modes.map((one) => [one, WORDS[one]] as const), mode, (value) => set({ compare: value as Comparison })),
        ...(mode === "one" ? [] : [h("div", { class: "controls" }, ...choices)]),
      );
      if (key) element.querySelector<HTMLElement>(key)?.focus();
      if (mode !== "flicker") second = false;
      if (mode === "flicker") flip(second);
      if (mode === "swipe") swipe(share);
      if ((mode === "flicker" && playing) !== timer > 0) run();
    },
    stop() {
      clearInterval(timer);
      timer = 0;
    },
    share(next) {
      share = next;
      const slider = element.querySelector<HTMLInputElement>("#swipe");
      if (slider) slider.value = String(Math.round(100 * share));
      swipe(share);
    },
  };
}
