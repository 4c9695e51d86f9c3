// The way into Look from other views.
import { addressOf, standard } from "./state.js";

export interface Wanted {
  /** number of the method */
  method: number;
  /** rows of images, in the order in which they are to be shown; all where it is not said */
  images?: readonly number[];
  /** numbers of models, in the order of the columns; all where it is not said */
  models?: readonly number[];
  /** two models: the only columns, images in the order of the similarity of their maps */
  pair?: readonly [number, number];
  /** with a pair, which come first; by default the most alike */
  order?: "least" | "most";
  /** what is said above the grid */
  title?: string;
  /** image and model to be opened in large */
  open?: readonly [number, number];
}

/** The address of what is wanted, for links. */
export function lookAddress(wanted: Wanted): string {
  return addressOf({
    ...standard(),
    columns: "models",
    method: wanted.method,
    images: wanted.images ? [...wanted.images] : null,
    models: wanted.models ? [...wanted.models] : null,
    pair: wanted.pair ? [wanted.pair[0], wanted.pair[1]] : null,
    order: wanted.order ?? (wanted.pair ? "most" : "study"),
    title: wanted.title ?? "",
    open: wanted.open ? [wanted.open[0], wanted.open[1]] : null,
  });
}

/** Go to Look and show what is wanted; a way back stands there. */
export function openLook(wanted: Wanted): void {
  location.hash = lookAddress(wanted);
}
