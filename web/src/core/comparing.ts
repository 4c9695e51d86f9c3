// How two maps are held against each other: the choice of a way, flicker and its rate, the border of a swipe.
import { h, type Child } from "./dom.js";
import { pills } from "./fields.js";

export const COMPARISONS = ["one", "beside", "flicker", "swipe", "difference"] as const;
export type Comparison = (typeof COMPARISONS)[number];

const WORDS: Record<Comparison, string> = {
  one: "one map",
  beside: "side by side",
  flicker: "flicker",
  swipe: "swipe",
  difference: "difference",
};

/** Cycles of A and B in a second: the usual rate, and the most; from three on, flashing can harm. */
const RATE = 1.5;
const MOST_RATE = 2.8;

/** What the controls say. */
export interface Held {
  mode: Comparison;
  modes: readonly Comparison[];
  /** chooses what the second map is; not shown for one map */
  menus: Child[];
  /** how alike the two are, in words */
  alike: string;
}

export interface Comparing {
  element: HTMLElement;
  /** make the controls anew for what is shown */
  update(held: Held): void;
  /** stop what moves */
  stop(): void;
  share(next: number): void;
}

/** What happens to the two pictures. */
export interface Acts {
  /** show the second of two, or the first */
  flip(second: boolean): void;
  /** show so much of the first */
  swipe(share: number): void;
  choose(mode: Comparison): void;
}

/** The controls. Flicker begins by itself only where moving pictures are not unwanted. */
export function makeComparing({ flip, swipe, choose }: Acts): Comparing {
  const element = h("div", { class: "comparing" });
  let rate = RATE;
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
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
    update(held) {
      mode = held.mode;
      const active = element.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
      const key = active?.id ? `#${active.id}` : active ? "input[name=compare]:checked" : "";
      const options: Child[] = [
        ...held.menus,
        ...(mode === "flicker" ? flickerControls() : mode === "swipe" ? swipeControls() : []),
        held.alike && h("span", { class: "alike", id: "alike" }, held.alike),
      ];
      element.replaceChildren(
        pills("compare", "Compare", held.modes.map((one) => [one, WORDS[one]] as const), mode, (value) => choose(value as Comparison)),
        ...(mode === "one" ? [] : [h("div", { class: "controls" }, ...options)]),
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
