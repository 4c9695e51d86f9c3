// Labels beside points so that none covers another one, a point or the edge.

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Placed {
  /** left end of the text's baseline */
  x: number;
  y: number;
  /** where a line from the point to the label ends; null where the label stands close by */
  end: [number, number] | null;
}

function overlap(one: Box, other: Box): number {
  const across = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const down = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return across > 0 && down > 0 ? across * down : 0;
}

// From a point to the nearest place of a box.
function nearest([x, y]: readonly [number, number], box: Box): [number, number] {
  return [Math.min(box.x + box.width, Math.max(box.x, x)), Math.min(box.y + box.height, Math.max(box.y, y))];
}

// Right first, as one reads; each step farther off costs a little.
const ANGLES = [0, 180, -45, 45, -135, 135, -90, 90, -20, 20, 160, -160];
const DISTANCES = [9, 17, 27, 40, 56];

/** Where each label goes; those with the least room around them choose first. */
export function placeLabels(
  points: readonly (readonly [number, number])[],
  widths: readonly number[],
  height: number,
  room: Box,
): Placed[] {
  const marks = points.map(([x, y]) => ({ x: x - 6, y: y - 6, width: 12, height: 12 }));
  const crowd = points.map(([x, y]) => points.reduce((sum, [u, v]) => sum + 1 / (60 + Math.hypot(x - u, y - v)), 0));
  const taken: Box[] = [];
  const made = new Array<Placed>(points.length);
  const turn = points.map((_, i) => i).sort((a, b) => crowd[b] - crowd[a]);
  for (const i of turn) {
    const [x, y] = points[i];
    let best: { cost: number; box: Box; ring: number } | null = null;
    DISTANCES.forEach((distance, ring) => {
      ANGLES.forEach((angle, rank) => {
        const [dx, dy] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
        const left = x + distance * dx - (dx < -0.3 ? widths[i] : dx > 0.3 ? 0 : widths[i] / 2);
        const box = { x: left, y: y + distance * dy - height / 2, width: widths[i], height };
        const outside = Math.max(0, room.x - box.x) + Math.max(0, box.x + box.width - room.x - room.width)
          + Math.max(0, room.y - box.y) + Math.max(0, box.y + height - room.y - room.height); // prettier-ignore
        let cost = 40 * ring + rank + 100 * outside;
        points.forEach((other, k) => {
          const [u, v] = nearest(other, box);
          if (k !== i && Math.hypot(u - other[0], v - other[1]) < 11) cost += ring ? 25 : 60; // it would seem to be the other's
        });
        for (const other of taken) cost += 12 * overlap(box, other);
        for (const other of marks) cost += 6 * overlap(box, other);
        if (!best || cost < best.cost) best = { cost, box, ring };
      });
    });
    const { box, ring } = best!;
    taken.push(box);
    made[i] = { x: box.x, y: box.y + height * 0.78, end: ring ? nearest(points[i], box) : null };
  }
  return made;
}
