// Where things stand across the heat map: class names, true classes, pictures, epochs, and bars of measures.
import type { About } from "./measures.js";

export interface Frame {
  width: number;
  /** room for names of classes; 0 for none */
  names: number;
  /** left edge of the band of true classes, and its width */
  band: number;
  bandWidth: number;
  /** left edge of pictures, and their side; 0 for none */
  picture: number;
  side: number;
  /** edges of the epochs */
  x0: number;
  x1: number;
  bars: readonly About[];
  /** left edge of the first bar, and the step to the next */
  bar: number;
  step: number;
}

/** Room for numbers at the axes of curves, which stand above the same epochs. */
export const AXIS = 40;

/** What stands where in so many pixels. */
export function frameOf(width: number, bars: readonly About[], sort: string, grouped: boolean, side: number): Frame {
  const narrow = width < 560;
  const names = grouped && !narrow ? 84 : 0;
  const bandWidth = 10;
  const left = Math.max(AXIS, names + bandWidth + 4 + (side ? side + 6 : 0));
  const picture = side ? left - side - 4 : left;
  const band = (side ? picture : left) - bandWidth - 4;
  let shown = bars;
  if (narrow) {
    const wanted = [...bars].sort((a, b) => Number(b.name === sort) - Number(a.name === sort)).slice(0, 2);
    shown = bars.filter((one) => wanted.includes(one));
  }
  const step = narrow ? 56 : Math.max(40, Math.min(64, Math.floor((0.38 * width) / Math.max(1, shown.length))));
  const x1 = width - shown.length * step - 2;
  return { width, names, band, bandWidth, picture, side, x0: left, x1, bars: shown, bar: x1 + 8, step };
}
