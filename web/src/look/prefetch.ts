// Photographs and maps that will be wanted soon are loaded while nothing else is to be done.
import { data, firstImages, loadMaps, loadPhoto, mapsReady, photoNow } from "../core/data.js";
import type { Grid } from "./grid.js";
import { look } from "./state.js";

/** Bytes of maps that are loaded ahead, counted by their cells; a person may never look at the rest. */
const MOST_CELLS = 40_000_000;

let round = 0;

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: 2000 });
    else setTimeout(resolve, 60);
  });
}

/** Begin to load, from the rows that are seen outwards; another call puts an end to the last. */
export async function prefetch(grid: Grid): Promise<void> {
  const mine = ++round;
  const { method, columns } = look();
  if (columns === "methods") return; // a part of every method would be too much
  const about = data.methods[method]!;
  const cells = Object.values(about.cells).reduce((sum, [rows, wide]) => sum + Math.min(rows, 128) * Math.min(wide, 128), 0);
  const chunks = new Set<number>();
  const first = firstImages(method);
  let loaded = 0;
  await idle();
  for (const image of grid.near()) {
    const start = first[Math.floor(image / about.chunk)]!;
    if (!chunks.has(start) && loaded + cells * about.chunk <= MOST_CELLS) {
      chunks.add(start);
      loaded += cells * about.chunk;
      await idle();
      if (mine !== round) return;
      await loadMaps(method, start).catch(() => undefined);
    }
    await idle();
    if (mine !== round) return;
    await loadPhoto(image).catch(() => undefined);
  }
}

const coming = new Set<string>();
/** Maps and photographs that are on their way at a time. */
const [MOST_MAPS, MOST_PHOTOS] = [2, 12];

function fetched(kind: "maps" | "photo", key: string | number, most: number, load: () => Promise<unknown>): void {
  const name = `${kind} ${key}`;
  const many = [...coming].filter((one) => one.startsWith(kind)).length;
  if (coming.has(name) || many >= most) return;
  coming.add(name);
  load().then(
    () => coming.delete(name),
    () => undefined, // stays, so that it is not asked for again and again
  );
}

/** While a person scrolls nothing is idle: what the next rows want is asked for at once, the nearest first. */
export function ahead(images: readonly number[]): void {
  const { method, columns } = look();
  for (const image of images) {
    if (photoNow(image) === undefined) fetched("photo", image, MOST_PHOTOS, () => loadPhoto(image));
    if (columns === "methods" || mapsReady(method, image)) continue;
    const chunk = Math.floor(image / data.methods[method]!.chunk);
    fetched("maps", `${method} ${chunk}`, MOST_MAPS, () => loadMaps(method, image));
  }
}
