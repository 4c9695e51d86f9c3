// Predictions image by image: images are read in any order, and what lies together in memory is read several times faster.
import type { Run } from "./data.js";

type Said = Uint8Array | Uint16Array;

const turned = new Map<Run, { epochs: number; said: Said }>();

/** All predictions, `[image × epochs + epoch]`; one byte each where that is enough, and 255 for none then. */
export function byImage(run: Run): Said {
  const epochs = run.epochs.length;
  const known = turned.get(run);
  if (known?.epochs === epochs) return known.said;
  const said = run.classes.length < 255 ? new Uint8Array(epochs * run.images) : new Uint16Array(epochs * run.images);
  const block = 512; // images at a time, so that what is written stays near
  for (let first = 0; first < run.images; first += block) {
    const last = Math.min(run.images, first + block);
    for (let epoch = 0; epoch < epochs; epoch++) {
      const one = run.predictions[epoch];
      for (let image = first; image < last; image++) said[image * epochs + epoch] = one[image];
    }
  }
  turned.clear(); // one run is shown at a time
  turned.set(run, { epochs, said });
  return said;
}
