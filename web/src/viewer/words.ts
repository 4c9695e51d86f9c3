// How the viewer says numbers.

/** 1,234 */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** A length of time, as short as it can be said. */
export function duration(seconds: number): string {
  if (seconds < 0.01) return "<0.01 s";
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** 11.7 M */
export function many(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toPrecision(3)} G`;
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)} k`;
  return whole(value);
}

export function megabytes(bytes: number): string {
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`;
}

export function counted(count: number, one: string, several = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : several}`;
}

/** A file name that every system takes. */
export function fileName(...parts: string[]): string {
  return parts
    .join(" ")
    .toLowerCase()
    .replace(/\.[a-z0-9]{2,4}\b/g, "")
    .replace(/[^a-z0-9+]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** The first synonym of a class. */
export function short(name: string): string {
  return name.split(",")[0]!.trim();
}
