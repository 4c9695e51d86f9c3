// Half precision, which not every browser reads by itself. Files hold the bytes of numbers in planes: all first bytes, then
// all second ones, because that packs better.

let table: Float32Array | null = null;

function halves(): Float32Array {
  if (table) return table;
  table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const size = exponent === 31 ? (fraction ? NaN : Infinity) : exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24;
    table[bits] = bits >> 15 ? -size : size;
  }
  return table;
}

/** Epochs of float16 numbers. */
export function floats16(bytes: Uint8Array, epochs: number, images: number): Float32Array[] {
  const values = halves();
  const all = epochs * images;
  return Array.from({ length: epochs }, (_, epoch) => {
    const found = new Float32Array(images);
    const from = epoch * images;
    for (let i = 0; i < images; i++) found[i] = values[bytes[from + i] | (bytes[all + from + i] << 8)];
    return found;
  });
}

/** Epochs of float32 numbers. */
export function floats32(bytes: Uint8Array, epochs: number, images: number): Float32Array[] {
  const all = epochs * images;
  return Array.from({ length: epochs }, (_, epoch) => {
    const whole = new Uint8Array(4 * images);
    const from = epoch * images;
    for (let plane = 0; plane < 4; plane++) {
      for (let i = 0; i < images; i++) whole[4 * i + plane] = bytes[plane * all + from + i];
    }
    return new Float32Array(whole.buffer);
  });
}
