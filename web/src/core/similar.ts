// Two maps of one image held against each other: how alike they are, and where they differ.
import { TOP_BYTE } from "./colour.js";
import type { Tile } from "./overlay.js";
import { commonBox, sampled } from "./resample.js";

/** Places along each side of the common box at which maps are compared. */
const SIDE = 96;

/** Cosine of two maps over the part of the photograph that both cover; null where there is none. */
export function cosineOf(a: Tile, b: Tile): number | null {
  const box = commonBox(a.box, b.box);
  if (!box) return null;
  const [first, second] = [sampled(a, box, SIDE), sampled(b, box, SIDE)];
  let [product, one, other] = [0, 0, 0];
  for (let i = 0; i < first.length; i++) {
    product += first[i]! * second[i]!;
    one += first[i]! ** 2;
    other += second[i]! ** 2;
  }
  return one > 0 && other > 0 ? product / Math.sqrt(one * other) : null;
}

/** A map less another, each as shares of its own maximum, where both are; from -1 to 1, beyond which it is cut. */
export function difference(a: Tile, b: Tile): Tile | null {
  const box = commonBox(a.box, b.box);
  if (!box) return null;
  const [first, second] = [sampled(a, box, SIDE), sampled(b, box, SIDE)];
  const bytes = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < bytes.length; i++) {
    const apart = Math.min(1, Math.max(-1, first[i]! - second[i]!));
    bytes[i] = Math.round((TOP_BYTE * (apart + 1)) / 2);
  }
  // `native` as small as the coarser map, so that it is not taken for a pixel-level one where neither is.
  const native: [number, number] = [Math.max(a.native[0], b.native[0]), Math.max(a.native[1], b.native[1])];
  return { cells: [SIDE, SIDE], native, box, signed: true, limit: 1, bytes };
}
