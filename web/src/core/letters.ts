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

/** A text that is not wider than it may be. Its end stays: long names of models mostly differ there. */
export function clipped(text: string, room: number, size = 12): string {
  if (widthOf(text, size) <= room) return text;
  const cut = (keep: number): string => {
    const end = Math.floor(keep * 0.4);
    return `${text.slice(0, keep - end).trimEnd()}…${end ? text.slice(-end).trimStart() : ""}`;
  };
  let keep = text.length - 1;
  while (keep > 1 && widthOf(cut(keep), size) > room) keep--;
  return cut(keep);
}
