// Sorting of many rows by one number each: radix sort, which keeps the order of equals and needs no comparisons.

const DIGIT = 11;
const SLOTS = 1 << DIGIT;

/** Rows in the order of a number of theirs; those without one come last, whichever way is up. */
export function sorted(rows: Uint32Array, values: ArrayLike<number>, descending = false): Uint32Array {
  const count = rows.length;
  const keys = new Uint32Array(count);
  const floats = new Float32Array(1);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < count; i++) {
    const value = values[rows[i]];
    if (value !== value) {
      keys[i] = 0xffffffff;
      continue;
    }
    floats[0] = value + 0; // −0 and 0 are equal
    const word = bits[0];
    const key = word & 0x80000000 ? ~word >>> 0 : (word | 0x80000000) >>> 0;
    keys[i] = Math.min(0xfffffffe, descending ? ~key >>> 0 : key);
  }
  let [order, other] = [Uint32Array.from(rows), new Uint32Array(count)];
  let [from, to] = [keys, new Uint32Array(count)];
  for (let shift = 0; shift < 32; shift += DIGIT) {
    const starts = new Uint32Array(SLOTS + 1);
    for (let i = 0; i < count; i++) starts[((from[i] >>> shift) & (SLOTS - 1)) + 1]++;
    if (starts.indexOf(count) > 0) continue; // all alike in this digit
    for (let slot = 0; slot < SLOTS; slot++) starts[slot + 1] += starts[slot];
    for (let i = 0; i < count; i++) {
      const at = starts[(from[i] >>> shift) & (SLOTS - 1)]++;
      to[at] = from[i];
      other[at] = order[i];
    }
    [order, other] = [other, order];
    [from, to] = [to, from];
  }
  return order;
}
