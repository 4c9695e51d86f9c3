// The progress line: how much is done, what is computed now, since when and for how much longer.
import { h, say } from "../core/dom.js";
import { whole } from "../core/words.js";
import { counted, duration } from "./words.js";
import { cancel, progress, retry, stoppedHere } from "./work.js";

const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
const words = h("p", { class: "now" });
const stop = h("button", { type: "button", class: "cancel", onclick: cancel }, "Cancel");
const more = h("button", { type: "button", onclick: () => retry() }, "Go on");
const line = h("div", { class: "progress", hidden: true }, bar, words, stop, more);

let ticking: ReturnType<typeof setInterval> | undefined;
let said = 0;

export function progressElement(): HTMLElement {
  return line;
}

/** Bring the line up to date; while work is under way it keeps counting. `tick` is called with it. */
export function refreshProgress(tick: () => void): void {
  const now = progress();
  const stopped = stoppedHere();
  line.hidden = !now.busy && now.finished === null && stopped === 0;
  line.classList.toggle("busy", now.busy);
  stop.hidden = !now.busy;
  more.hidden = now.busy || stopped === 0;
  bar.hidden = !now.busy;
  if (now.busy) {
    const inTask = now.passes ? now.passes[0] / Math.max(1, now.passes[1]) : 0;
    bar.max = Math.max(1, now.of);
    bar.value = Math.min(now.of, now.done + inTask);
    const parts = [h("b", {}, `${whole(now.done)} of ${whole(now.of)}`)];
    if (now.now) parts.push(h("span", {}, now.passes && now.passes[1] > 2 ? `${now.now}, pass ${whole(now.passes[0])} of ${whole(now.passes[1])}` : now.now));
    parts.push(h("span", { class: "time" }, duration(now.seconds) + (now.left === null ? "" : ` · about ${duration(Math.max(1, Math.round(now.left)))} left`)));
    words.replaceChildren(...parts);
    speak(now.done, now.of);
    ticking ??= setInterval(tick, 250);
  } else {
    clearInterval(ticking);
    ticking = undefined;
    said = 0;
    const { finished } = now;
    const text = stopped > 0 ? `Stopped with ${counted(stopped, "map")} to come.`
      : finished && finished.maps > 0 ? `${counted(finished.maps, "map")} in ${duration(finished.seconds)}.` : ""; // prettier-ignore
    words.replaceChildren(text);
    if (!text) line.hidden = true;
  }
}

// Not more often than every ten seconds: numbers that change all the time drown everything else that is read out.
function speak(done: number, of: number): void {
  const now = performance.now();
  if (said === 0) said = now;
  if (now - said < 10_000) return;
  said = now;
  say(`${done} of ${of} done.`);
}
