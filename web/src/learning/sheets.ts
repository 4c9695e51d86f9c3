// Small pictures, many on a sheet; a sheet is loaded when one of its pictures is looked at.
import { decoded } from "../core/data.js";
import { part } from "../core/parts.js";
import type { Run } from "./data.js";

export interface Small {
  sheet: HTMLImageElement;
  x: number;
  y: number;
  side: number;
}

const ready = new Map<string, HTMLImageElement>();
const asked = new Map<string, Promise<HTMLImageElement>>();

/** Whether there is a picture of an image at all. */
export function hasPicture(run: Run, image: number): boolean {
  return (run.places?.[image] ?? -1) >= 0;
}

/** The picture of an image, if it is there; otherwise it is loaded, and `later` is told. */
export function smallOf(run: Run, image: number, later: () => void): Small | null {
  const sheets = run.head.pictures;
  const place = run.places?.[image] ?? -1;
  if (!sheets || place < 0) return null;
  const name = `${sheets.part}-${Math.floor(place / sheets.per)}`;
  const sheet = ready.get(name);
  if (!sheet) {
    if (!asked.has(name)) asked.set(name, load(name));
    void asked.get(name)!.then(later, () => undefined);
    return null;
  }
  const within = place % sheets.per;
  return { sheet, x: (within % sheets.across) * sheets.side, y: Math.floor(within / sheets.across) * sheets.side, side: sheets.side };
}

async function load(name: string): Promise<HTMLImageElement> {
  const { jpeg } = await part<{ jpeg: string }>(name);
  const sheet = await decoded("image/jpeg", jpeg);
  ready.set(name, sheet);
  return sheet;
}

/** Draw a picture into a square of a canvas, in hard pixels where it is enlarged. */
export function drawSmall(context: CanvasRenderingContext2D, small: Small, x: number, y: number, side: number): void {
  context.imageSmoothingEnabled = side < 2 * small.side;
  context.drawImage(small.sheet, small.x, small.y, small.side, small.side, x, y, side, side);
}
