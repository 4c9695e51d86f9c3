// What pixels a map gives in every mode but plain colour: light, lines, segments.
import { SIGNED_MAPS, TOP_BYTE, tableOf, type MagnitudeMap, type SignedMap } from "./colour.js";

type Values = Uint8Array | Uint8ClampedArray | Float32Array;

/** Shares of the maximum at which lines are drawn. */
const LEVELS = [0.25, 0.5, 0.75] as const;

/** Segments with at least this share of the largest value are outlined. */
const MARKED = 0.25;

/** How dark it is where a spotlight does not fall, 0 to 1. */
export function darkness(opacity: number): number {
  return Math.min(1, 0.3 + opacity);
}

/** The photograph shows where the map is strong and for the class; elsewhere it is dark. */
export function spotlight(values: Values, data: Uint8ClampedArray, signed: boolean, opacity: number): void {
  const dark = 255 * darkness(opacity);
  const alpha = new Uint8ClampedArray(TOP_BYTE + 1);
  for (let byte = 0; byte <= TOP_BYTE; byte++) {
    const share = signed ? Math.max(0, (2 * byte) / TOP_BYTE - 1) : byte / TOP_BYTE;
    alpha[byte] = dark * (1 - share) ** 1.3;
  }
  for (let i = 0; i < values.length; i++) {
    data[4 * i] = data[4 * i + 1] = 14;
    data[4 * i + 2] = 20;
    data[4 * i + 3] = alpha[Math.round(values[i]!)]!;
  }
}

/** Lines at shares of the maximum, in the colour map's own colours, each with a dark edge so that it shows on anything. */
export function contour(
  values: Values,
  data: Uint8ClampedArray,
  [height, width]: readonly [number, number],
  colours: MagnitudeMap | SignedMap,
  thick: number,
): void {
  const signed = (SIGNED_MAPS as readonly string[]).includes(colours);
  const table = tableOf(colours, true);
  const levels = signed ? LEVELS.flatMap((share) => [(1 + share) / 2, (1 - share) / 2]) : [...LEVELS];
  const places = levels.map((share) => share * TOP_BYTE);
  for (let y = 0; y < height; y++) {
    const above = y > 0 ? -width : 0;
    const below = y + 1 < height ? width : 0;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const across = values[x + 1 < width ? i + 1 : i]! - values[x > 0 ? i - 1 : i]!;
      const slope = 0.5 * Math.hypot(across, values[i + below]! - values[i + above]!);
      if (slope < 0.01) continue;
      for (const place of places) {
        const away = Math.abs(values[i]! - place) / slope; // pixels to the line
        if (away > 1.6 * thick + 0.5) continue;
        const line = Math.min(1, Math.max(0, 0.5 + 0.75 * thick - away));
        const edge = 0.55 * Math.min(1, Math.max(0, 0.5 + 1.6 * thick - away));
        const alpha = line + edge * (1 - line);
        if (255 * alpha < (data[4 * i + 3] ?? 0)) continue;
        const entry = 4 * Math.round(place);
        for (let k = 0; k < 3; k++) data[4 * i + k] = (table[entry + k]! * line) / Math.max(alpha, 0.01);
        data[4 * i + 3] = 255 * alpha;
      }
    }
  }
}

/** Segments of the photograph, tinted by their value, the stronger ones outlined: for the class and against it. */
export function segments(
  values: Values,
  data: Uint8ClampedArray,
  [height, width]: readonly [number, number],
  signed: boolean,
  opacity: number,
  thick: number,
): void {
  const reach = Math.max(1, Math.round(1.6 * thick));
  const shareOf = (value: number): number => (signed ? (2 * value) / TOP_BYTE - 1 : value / TOP_BYTE);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const here = values[i]!;
      let strongest = shareOf(here);
      let border = false;
      for (let k = 1; k <= reach; k++) {
        for (const step of [x + k < width ? k : 0, y + k < height ? k * width : 0]) {
          const other = values[i + step]!;
          if (other === here) continue;
          border = true;
          const share = shareOf(other);
          if (Math.abs(share) > Math.abs(strongest)) strongest = share;
        }
      }
      const marked = Math.abs(strongest) >= MARKED;
      const share = border ? strongest : shareOf(here);
      const tone = border && !marked ? WHITE : share >= 0 ? FOR : AGAINST;
      data[4 * i] = tone[0];
      data[4 * i + 1] = tone[1];
      data[4 * i + 2] = tone[2];
      data[4 * i + 3] = 255 * (border ? (marked ? 1 : 0.35) : opacity * 0.85 * Math.abs(share));
    }
  }
}

type Rgb = readonly [number, number, number];
const WHITE: Rgb = [255, 255, 255];

/** Colours of segments that speak for the class and against it, told apart by any colour vision. */
export const FOR: Rgb = [255, 150, 30];
export const AGAINST: Rgb = [60, 150, 255];
