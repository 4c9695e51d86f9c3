// Where a unit is active in a picture: its map between the middles of its cells, cut at its threshold, outlined.
import type { Box } from "./data.js";

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The part of a picture that fills a rectangle of another shape, in shares of the picture's sides. */
export function covering(wide: number, high: number, width: number, height: number): Box {
  const scale = Math.max(width / wide, height / high);
  const across = width / scale / wide;
  const down = height / scale / high;
  return [(1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2];
}

/** 1 where a map is above its level, by pixel of a rectangle that shows a part of the picture; 0 elsewhere. */
export function activeRegion(
  map: Uint8Array,
  [rows, columns]: readonly [number, number],
  level: number,
  box: Box,
  shown: Box,
  width: number,
  height: number,
): Uint8Array {
  const region = new Uint8Array(width * height);
  const [left, top, right, bottom] = box;
  const across = places(width, shown[0], shown[2], left, right, columns);
  const down = places(height, shown[1], shown[3], top, bottom, rows);
  for (let y = 0; y < height; y++) {
    const v = down[y]!;
    if (v < 0) continue;
    const row = Math.min(rows - 1, Math.floor(v));
    const next = Math.min(rows - 1, row + 1) * columns;
    const below = v - row;
    for (let x = 0; x < width; x++) {
      const u = across[x]!;
      if (u < 0) continue;
      const column = Math.min(columns - 1, Math.floor(u));
      const beside = Math.min(columns - 1, column + 1);
      const aside = u - column;
      const upper = map[row * columns + column]! * (1 - aside) + map[row * columns + beside]! * aside;
      const lower = map[next + column]! * (1 - aside) + map[next + beside]! * aside;
      if (upper * (1 - below) + lower * below > level) region[y * width + x] = 1;
    }
  }
  return region;
}

// Between the middles of cells, from 0; -1 outside of what the model sees.
function places(length: number, from: number, to: number, low: number, high: number, cells: number): Float32Array {
  const found = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const share = (from + ((i + 0.5) / length) * (to - from) - low) / (high - low);
    found[i] = share < 0 || share > 1 ? -1 : Math.min(cells - 1, Math.max(0, share * cells - 0.5));
  }
  return found;
}

const LINE = [255, 222, 60] as const;

/** What is laid over a picture: dark outside of a region, a line with a dark edge around it. */
export function veil(region: Uint8Array, width: number, height: number, thick: number): ImageData {
  const image = new ImageData(width, height);
  const { data } = image;
  const near = (x: number, y: number, by: number): boolean => {
    for (let k = 1; k <= by; k++) {
      if (x >= k && region[y * width + x - k]) return true;
      if (x + k < width && region[y * width + x + k]) return true;
      if (y >= k && region[(y - k) * width + x]) return true;
      if (y + k < height && region[(y + k) * width + x]) return true;
    }
    return false;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (region[i]) continue;
      const at = 4 * i;
      if (near(x, y, thick)) {
        data[at] = LINE[0];
        data[at + 1] = LINE[1];
        data[at + 2] = LINE[2];
        data[at + 3] = 255;
      } else {
        data[at] = data[at + 1] = 14;
        data[at + 2] = 20;
        data[at + 3] = near(x, y, 2 * thick) ? 225 : 125;
      }
    }
  }
  return image;
}

let scratch: HTMLCanvasElement | null = null;

/** Draw a picture into a rectangle, with what is active of it outlined; a plain sheet where there is no picture. */
export function drawActive(
  context: CanvasRenderingContext2D,
  area: Area,
  photo: HTMLImageElement | null,
  map: { bytes: Uint8Array; cells: readonly [number, number]; level: number | null; box: Box } | null,
  thick: number,
): void {
  const { x, y, width, height } = area;
  const shown = photo ? covering(photo.naturalWidth, photo.naturalHeight, width, height) : ([0, 0, 1, 1] as const);
  if (photo) {
    const [left, top, right, bottom] = shown;
    const [wide, high] = [photo.naturalWidth, photo.naturalHeight];
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, left * wide, top * high, (right - left) * wide, (bottom - top) * high, x, y, width, height);
  } else {
    context.fillStyle = "#3a3a44";
    context.fillRect(x, y, width, height);
  }
  if (!map || map.level === null) return;
  const region = activeRegion(map.bytes, map.cells, map.level, map.box, shown, width, height);
  scratch ??= document.createElement("canvas");
  scratch.width = width;
  scratch.height = height;
  scratch.getContext("2d")!.putImageData(veil(region, width, height, thick), 0, 0);
  context.drawImage(scratch, x, y);
}
