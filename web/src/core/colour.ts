// Colours of maps: tables of 256 RGBA entries, even in lightness, that a person with any colour vision can read.
import {
  interpolateCividis,
  interpolateGreys,
  interpolateInferno,
  interpolatePuOr,
  interpolateRdBu,
  interpolateViridis,
} from "d3-scale-chromatic";

export type Table = Uint8ClampedArray;
type Stop = readonly [lightness: number, chroma: number, hue: number];
type Rgb = readonly [number, number, number];

// The same stops as `report/overlay.py`, so that a picture made there and one drawn here are alike.
const MAGNITUDE: readonly Stop[] = [
  [0.38, 0.1, 300],
  [0.48, 0.17, 328],
  [0.6, 0.2, 366],
  [0.72, 0.17, 405],
  [0.85, 0.16, 442],
  [0.96, 0.13, 465],
];
const AGAINST: readonly Stop[] = [
  [0.82, 0.09, 225],
  [0.68, 0.15, 240],
  [0.52, 0.19, 258],
];
const FOR: readonly Stop[] = [
  [0.86, 0.12, 80],
  [0.76, 0.17, 62],
  [0.66, 0.19, 45],
];

/** Names of the colour maps, the default first. */
export const MAGNITUDE_MAPS = ["ember", "viridis", "inferno", "cividis", "grey"] as const;
export const SIGNED_MAPS = ["orange–blue", "purple–orange", "red–blue"] as const;
export type MagnitudeMap = (typeof MAGNITUDE_MAPS)[number];
export type SignedMap = (typeof SIGNED_MAPS)[number];

/** The first byte of a map's value is 0; this is the highest one. */
export const TOP_BYTE = 254;

// Ottosson 2020, "A perceptual color space for image processing".
/** OKLCH to RGB bytes. */
export function rgbOf([lightness, chroma, hue]: Stop): Rgb {
  const angle = (hue * Math.PI) / 180;
  const a = chroma * Math.cos(angle);
  const b = chroma * Math.sin(angle);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const n = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * n,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * n,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * n,
  ];
  const encoded = linear.map((value) => {
    const inside = Math.min(1, Math.max(0, value));
    return 255 * (inside <= 0.0031308 ? 12.92 * inside : 1.055 * inside ** (1 / 2.4) - 0.055);
  });
  return [encoded[0]!, encoded[1]!, encoded[2]!];
}

function between(stops: readonly Stop[], at: number): Rgb {
  const place = at * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(place));
  const share = place - low;
  const [first, second] = [stops[low]!, stops[low + 1]!];
  return rgbOf([0, 1, 2].map((i) => first[i]! + share * (second[i]! - first[i]!)) as unknown as Stop);
}

function parsed(colour: string): Rgb {
  const hex = /^#(..)(..)(..)$/.exec(colour);
  const parts = hex ? hex.slice(1).map((two) => parseInt(two, 16)) : (colour.match(/\d+/g) ?? []).map(Number);
  return [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
}

// A colour for a share in [0, 1], or in [-1, 1] of a signed map.
function magnitude(name: MagnitudeMap, share: number): Rgb {
  switch (name) {
    case "ember":
      return between(MAGNITUDE, share);
    case "viridis":
      return parsed(interpolateViridis(share));
    case "inferno":
      return parsed(interpolateInferno(share));
    case "cividis":
      return parsed(interpolateCividis(share));
    case "grey":
      return parsed(interpolateGreys(1 - share));
  }
}

function signed(name: SignedMap, share: number): Rgb {
  switch (name) {
    case "orange–blue":
      return between(share < 0 ? AGAINST : FOR, Math.abs(share));
    case "purple–orange":
      return parsed(interpolatePuOr(0.5 - 0.5 * share));
    case "red–blue":
      return parsed(interpolateRdBu(0.5 - 0.5 * share));
  }
}

// Eased in at the bottom, where nothing but the picture should be seen, and flat at the top.
function opacity(strength: number): number {
  return 255 * Math.min(1, 1.35 * strength ** 0.8 * (1 - 0.35 * (1 - strength) ** 2));
}

const made = new Map<string, Table>();

/** RGBA by the byte of a map's value, transparent where the value is 0. */
export function tableOf(name: MagnitudeMap | SignedMap, solid = false): Table {
  const key = `${name}${solid ? " solid" : ""}`;
  const kept = made.get(key);
  if (kept) return kept;
  const isSigned = (SIGNED_MAPS as readonly string[]).includes(name);
  const table = new Uint8ClampedArray(4 * (TOP_BYTE + 1));
  for (let byte = 0; byte <= TOP_BYTE; byte++) {
    const share = isSigned ? (2 * byte) / TOP_BYTE - 1 : byte / TOP_BYTE;
    const rgb = isSigned ? signed(name as SignedMap, share) : magnitude(name as MagnitudeMap, share);
    table.set([...rgb, solid ? 255 : opacity(Math.abs(share))], 4 * byte);
  }
  made.set(key, table);
  return table;
}
