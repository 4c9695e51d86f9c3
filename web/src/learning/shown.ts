// Everything that the drawings are given: the run, what the address asks for, and what follows from both.
import type { Run } from "./data.js";
import type { About, Measures } from "./measures.js";
import type { Rgb } from "./palette.js";
import type { Rows } from "./rows.js";
import type { Pick, State } from "./state.js";

export interface Shown {
  run: Run;
  state: State;
  /** places of the first and the last epoch */
  range: readonly [number, number];
  /** place of the epoch that the matrix is of */
  at: number;
  measures: Measures;
  about: readonly About[];
  rows: Rows;
  /** which images are picked out, and those of them that are rows, in order */
  found: Uint8Array | null;
  picked: Uint32Array;
  colours: readonly Rgb[];
  /** of cells, as `cellColours` gives them */
  cells: readonly Rgb[];
  /** what the data map has across and up */
  axes: readonly [Float64Array, Float64Array];
}

/** What drawings ask of the view. */
export interface Acts {
  change(next: Partial<State>): void;
  /** pick images out, or none */
  pick(next: Pick | null): void;
  /** show another epoch while the pointer is there; null for the one that was chosen */
  point(place: number | null): void;
  /** tell of one image everywhere */
  light(image: number | null): void;
}
