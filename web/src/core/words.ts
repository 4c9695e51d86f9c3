// How numbers and names are said.

export function percent(p: number | null): string {
  if (p === null) return "";
  return p > 0.995 && p < 1 ? ">99 %" : p < 0.005 && p > 0 ? "<1 %" : `${Math.round(100 * p)} %`;
}

/** A number with three digits and a minus sign. */
export function number(value: number | null, digits = 3): string {
  if (value === null || !Number.isFinite(value)) return "–";
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

/** A number with so many decimals and a minus sign. */
export function fixed(value: number | null | undefined, decimals = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const text = value.toFixed(decimals);
  return (/^-0\.?0*$/.test(text) ? text.slice(1) : text).replace("-", "−");
}

/** Two decimals without the zero before the point, as in tables of papers. */
export function short(value: number | null, decimals = 2): string {
  return fixed(value, decimals).replace(/^(−?)0\./, "$1.");
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
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

/** The first synonym of a class. */
export function firstName(name: string): string {
  return name.split(",")[0]!.trim();
}
