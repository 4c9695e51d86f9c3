// Widths of texts, so that drawings leave room for them.

/** Attributes of a text with a rim, so that lines do not cross its letters; as attributes, saved figures have them. */
export const HALO = { "paint-order": "stroke", "stroke-linejoin": "round" };

let context: CanvasRenderingContext2D | null = null;

/** Width of a text in pixels. */
export function widthOf(text: string, size = 12, weight = 400): number {
  context ??= document.createElement("canvas").getContext("2d")!;
  context.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
  return context.measureText(text).width;
}

/** A text that is not wider than it may be. */
export function clipped(text: string, room: number, size = 12): string {
  if (widthOf(text, size) <= room) return text;
  let keep = text.length - 1;
  while (keep > 1 && widthOf(`${text.slice(0, keep).trimEnd()}…`, size) > room) keep--;
  return `${text.slice(0, keep).trimEnd()}…`;
}

/** Two decimals without the zero before the point, as in tables of papers. */
export function short(value: number | null, decimals = 2): string {
  if (value === null || !Number.isFinite(value)) return "–";
  const text = value.toFixed(decimals);
  const bare = /^-?0\.0*$/.test(text) ? text.replace("-", "") : text;
  return bare.replace(/^(-?)0\./, "$1.").replace("-", "−");
}

/** A large number in few letters. */
export function compact(value: number): string {
  if (value >= 1e9) return `${Number((value / 1e9).toPrecision(3))} G`;
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`;
  return value.toLocaleString("en");
}

/** A number at an axis. */
export function tickText(value: number, decimals: number): string {
  return Math.abs(value) < 1e-9 ? "0" : short(value, decimals);
}
