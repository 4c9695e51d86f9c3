// Photographs and maps that will be wanted soon are loaded while nothing else is to be done.
import { data, firstImages, loadMaps, loadPhoto } from "../core/data.js";
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
