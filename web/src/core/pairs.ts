// How alike the maps of two models are, image by image; from the part that the analysis of the agreement writes.
import { bytesOf, inflated } from "./bytes.js";
import { TOP_BYTE } from "./colour.js";
import { data, has } from "./data.js";
import { part } from "./parts.js";

interface PairsPart {
  pairs: [number, number][];
  /** deflated, `[pair, image]`: 0 to 254 from `low` to `high`; 255 where it is unknown */
  bytes: string;
  low: number;
  high: number;
}

const UNKNOWN = 255;
const known = new Map<number, { raw: PairsPart; bytes: Uint8Array }>();

/** Whether the similarities of pairs of models are known for a method. */
export function hasPairs(method: number): boolean {
  return has(`pairs-${method}`);
}

/** Load them; at once where there are none. */
export async function loadPairs(method: number): Promise<void> {
  if (known.has(method) || !hasPairs(method)) return;
  const raw = await part<PairsPart>(`pairs-${method}`);
  known.set(method, { raw, bytes: await inflated(bytesOf(raw.bytes)) });
}

/** For each image the similarity of two models' maps; undefined while it is not loaded or not known. */
export function pairScores(method: number, [a, b]: readonly [number, number]): (number | null)[] | undefined {
  const found = known.get(method);
  if (!found) return undefined;
  const { pairs, low, high } = found.raw;
  const at = pairs.findIndex(([first, second]) => (first === a && second === b) || (first === b && second === a));
  if (at < 0) return undefined;
  const count = data.images.length;
  const row = found.bytes.subarray(at * count, (at + 1) * count);
  return Array.from(row, (byte) => (byte === UNKNOWN ? null : low + (byte / TOP_BYTE) * (high - low)));
}

/** The same, loaded where it is not there yet; null where it is not known. */
export async function perImage(method: number, a: number, b: number): Promise<(number | null)[] | null> {
  await loadPairs(method);
  return pairScores(method, [a, b]) ?? null;
}
