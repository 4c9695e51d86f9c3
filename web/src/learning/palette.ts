// A colour for every class. Up to twelve classes have colours that people with any colour vision can tell apart: ten of
// Petroff (2021, arXiv:2107.02270), and two more. Further classes have hues in an order in which neighbours are classes that
// the run takes for each other, in turn lighter and darker.
import { rgbOf } from "../core/colour.js";
import { confusion } from "./confusion.js";
import type { Run } from "./data.js";

export type Rgb = readonly [number, number, number];

const FEW = ["#3f90da", "#ffa90e", "#bd1f01", "#92dadd", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#94a4a2", "#1d6b3c", "#f0a3cf"];
const STEPS = [0.62, 0.78, 0.5];

function bytes(hex: string): Rgb {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
}

const known = new Map<number, Rgb[]>();

/** Colours of the classes, as bytes; a run keeps its own while epochs are added. */
export function classColours(run: Run): Rgb[] {
  if (!known.has(run.number)) known.set(run.number, chosen(run));
  return known.get(run.number)!;
}

function chosen(run: Run): Rgb[] {
  const size = run.classes.length;
  if (size <= FEW.length) return FEW.slice(0, size).map(bytes);
  const found: Rgb[] = new Array<Rgb>(size);
  chain(run).forEach((one, place) => {
    const rgb = rgbOf([STEPS[place % STEPS.length], 0.13, 25 + (330 * place) / size]);
    found[one] = rgb.map(Math.round) as unknown as Rgb;
  });
  return found;
}

// From class to class, always to the one that is most confused with the last.
function chain(run: Run): number[] {
  const size = run.classes.length;
  const all = Uint32Array.from({ length: run.images }, (_, i) => i);
  const counts = run.labelled && run.predictions.length ? confusion(run, all, run.predictions.length - 1) : null;
  const left = new Set(Array.from({ length: size }, (_, i) => i));
  const order: number[] = [];
  let last = 0;
  while (left.size) {
    order.push(last);
    left.delete(last);
    let [best, most] = [-1, -1];
    for (const next of left) {
      const count = counts ? counts[last * size + next] + counts[next * size + last] : 0;
      if (count > most) [best, most] = [next, count];
    }
    last = best;
  }
  return order;
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

const tokens = new Map<string, Rgb>();

/** Have the page's colours asked for anew: asking costs, so it is done once a drawing. */
export function forgetTokens(): void {
  tokens.clear();
}

/** A colour of the page as bytes, whatever scheme it is in. */
export function tokenColour(name: string): Rgb {
  const known = tokens.get(name);
  if (known) return known;
  const found = asked(name);
  tokens.set(name, found);
  return found;
}

function asked(name: string): Rgb {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return /^#[\da-f]{6}$/i.test(text) ? bytes(text) : [128, 128, 128];
}

/** So much of the first, the rest of the second. */
export function mixed(first: Rgb, second: Rgb, share: number): Rgb {
  return first.map((value, i) => Math.round(share * value + (1 - share) * second[i])) as unknown as Rgb;
}

/** What tells classes apart in the drawing: their own colours, those of errors alone, or right and wrong. */
export type Colouring = "class" | "errors" | "right";

/** Colours by `2 × predicted class + (1 if it is the true one)`; the last two are those of nothing. */
export function cellColours(run: Run, colours: readonly Rgb[], colouring: Colouring): Rgb[] {
  const [paper, good, bad] = [tokenColour("--card"), tokenColour("--c0"), tokenColour("--c1")];
  const toned = mixed(tokenColour("--quiet"), paper, 0.16);
  const found: Rgb[] = [];
  for (const colour of colours) {
    if (colouring === "right" && run.labelled) found.push(bad, mixed(good, paper, 0.45));
    else found.push(colour, colouring === "errors" && run.labelled ? toned : colour);
  }
  return [...found, tokenColour("--paper"), tokenColour("--paper")];
}
