// The epoch that the matrix is of: a slider, and a button that goes through all of them.
import { h, say } from "../core/dom.js";
import { fixed } from "../core/words.js";
import { accuracyAt } from "./measures.js";
import type { Acts, Shown } from "./shown.js";

/** All epochs take so many seconds, and no epoch longer than this one. */
const SECONDS = 6;
const LONGEST = 0.5;

export interface Player {
  element: HTMLElement;
  update(shown: Shown): void;
  point(shown: Shown, place: number): void;
  toggle(): void;
}

export function makePlayer(acts: Acts): Player {
  const button = h("button", { type: "button", id: "epoch-play", "aria-pressed": "false" }, "Play");
  const slider = h("input", { type: "range", id: "epoch-slider", min: 0, max: 0, step: 1, "aria-label": "Epoch" });
  const words = h("output", { for: "epoch-slider" });
  const element = h("div", { class: "player" }, button, slider, words);
  let shown: Shown | null = null;
  let timer = 0;

  function stop(): void {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
    button.setAttribute("aria-pressed", "false");
  }

  function step(): void {
    if (!shown) return stop();
    const [from, to] = shown.range;
    if (!element.isConnected || shown.at >= to) return stop();
    acts.change({ at: shown.run.epochs[Math.max(from, shown.at + 1)] });
  }

  function toggle(): void {
    if (!shown) return;
    if (timer) return stop();
    const [from, to] = shown.range;
    if (shown.at >= to) acts.change({ at: shown.run.epochs[from] });
    timer = window.setInterval(step, 1000 * Math.min(LONGEST, SECONDS / Math.max(1, to - from)));
    button.textContent = "Pause";
    button.setAttribute("aria-pressed", "true");
  }

  button.addEventListener("click", toggle);
  slider.addEventListener("input", () => {
    if (!shown) return;
    stop();
    acts.change({ at: shown.run.epochs[Number(slider.value)] });
  });

  function point(now: Shown, place: number): void {
    const accuracy = accuracyAt(now.run, place);
    words.textContent = `epoch ${now.run.epochs[place] ?? "–"}${accuracy === accuracy ? `, ${fixed(100 * accuracy, 1)} % right` : ""}`;
    slider.setAttribute("aria-valuetext", words.textContent);
    slider.value = String(place);
  }

  return {
    element,
    toggle: () => (toggle(), say(timer ? "Playing" : "Paused")),
    point,
    update(next) {
      shown = next;
      slider.min = String(next.range[0]);
      slider.max = String(next.range[1]);
      point(next, next.at);
    },
  };
}
