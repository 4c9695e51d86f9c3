// The dendrogram beside the matrix: leaves stand at the middles of its rows.
import { scaleLinear } from "d3-scale";
import { h, s } from "../core/dom.js";
import { HALO, widthOf } from "../core/letters.js";
import { tip, untip } from "../core/tip.js";
import { fixed, whole } from "../core/words.js";
import type { Agree, Tree } from "./data.js";
import type { Drawing, Linked } from "./linked.js";
import { listOf } from "./words.js";

const SURE = 0.95;
const SIZE = 11;
/** Room from which numbers are written. */
const WIDE = 110;

interface Node {
  members: number[];
  x: number;
  y: number;
}

/** Draw the tree to the left of a line; `middle` says where the row of a set is. */
export function drawTree(
  agree: Agree,
  tree: Tree,
  right: number,
  bottom: number,
  middle: (set: number) => number,
  linked: Linked,
): Drawing {
  const group = s("g", { class: "tree" });
  const top = Math.max(...tree.merges.map(([, , height]) => height), 1e-9);
  const at = scaleLinear().domain([0, top * 1.02]).range([right - 5, 3]); // prettier-ignore
  const nodes: Node[] = tree.leaves.map((set) => ({ members: [set], x: right - 5, y: middle(set) }));
  const edges: { node: Element; members: number[] }[] = [];
  const labels: { x: number; y: number; text: string; sure: boolean}[] = [];
  tree.merges.forEach(([first, second, height], branch) => {
    const children = [nodes[first], nodes[second]];
    const x = at(height);
    const members = [...children[0].members, ...children[1].members];
    const y = (children[0].y + children[1].y) / 2;
    nodes.push({ members, x, y });
    for (const child of children) {
      const path = s("path", { class: "branch", d: `M${child.x} ${child.y}H${x}V${y}` });
      edges.push({ node: path, members: child.members });
      group.append(path);
    }
    const root = branch === tree.merges.length - 1;
    const [au, bp] = [tree.au[branch], tree.bp[branch]];
    const sure = !root && au !== null && au >= SURE;
    const span = s("path", { class: `fork${sure ? " sure" : ""}`, d: `M${x} ${children[0].y}V${children[1].y}` });
    const hit = s("path", { class: "hit", d: `M${x} ${children[0].y}V${children[1].y}` });
    hit.addEventListener("pointermove", (event) => {
      linked.light(members);
      tip(event.clientX, event.clientY, ...aboutBranch(agree, tree, branch, members, height));
    });
    hit.addEventListener("pointerleave", () => (linked.light([]), untip()));
    group.append(span, hit);
    if (!root && au !== null && bp !== null) {
      labels.push({ x: x - 3, y: y - 3, text: `${Math.round(100 * au)}/${Math.round(100 * bp)}`, sure });
    }
  });
  if (right < WIDE) return { node: group, light }; // no room for numbers: bold branches and the tips say it
  group.append(...supports(labels));
  const ticks = at.ticks(3).filter((tick) => tick < top);
  for (const tick of ticks) {
    group.append(
      s("path", { class: "axis", d: `M${at(tick)} ${bottom + 3}v4` }),
      s("text", { class: "tick", x: at(tick), y: bottom + 18, "text-anchor": "middle" }, fixed(tick, tick && top < 0.2 ? 2 : 1)),
    );
  }
  group.append(s("path", { class: "axis", d: `M${at(0)} ${bottom + 3}H${at(top)}` }));
  group.append(s("text", { class: "tick", x: 3, y: bottom + 33 }, "dissimilarity"));
  return { node: group, light };

  function light(sets: readonly number[]): void {
    for (const { node, members } of edges) node.classList.toggle("lit", isOnPath(members, sets));
  }
}

// A model lights its leaf, a pair the path between its leaves, a branch all that hangs on it.
function isOnPath(members: number[], sets: readonly number[]): boolean {
  if (!sets.length) return false;
  if (sets.length === 1) return members.length === 1 && members[0] === sets[0];
  if (sets.length === 2) return members.includes(sets[0]) !== members.includes(sets[1]);
  return members.every((set) => sets.includes(set));
}

// The surest first; what would cover another one is left to the tooltip.
function supports(labels: { x: number; y: number; text: string; sure: boolean}[]): Element[] {
  const placed: [number, number, number, number][] = [];
  const made: Element[] = [];
  for (const one of [...labels].sort((a, b) => Number(b.sure) - Number(a.sure))) {
    const width = widthOf(one.text, SIZE, one.sure ? 700 : 400);
    const box: [number, number, number, number] = [one.x - width, one.y - SIZE + 2, one.x, one.y];
    let end = "end";
    if (box[0] < 0) [box[0], box[2], end] = [one.x + 6, one.x + 6 + width, "start"]; // on the other side of the fork
    if (placed.some((p) => box[0] < p[2] + 3 && box[2] > p[0] - 3 && box[1] < p[3] + 1 && box[3] > p[1] - 1)) continue; // prettier-ignore
    placed.push(box);
    made.push(s("text", { class: `support${one.sure ? " sure" : ""}`, ...HALO, x: end === "end" ? one.x : one.x + 6, y: one.y, "text-anchor": end }, one.text));
  }
  return made;
}

function aboutBranch(agree: Agree, tree: Tree, branch: number, members: number[], height: number) {
  const root = branch === tree.merges.length - 1;
  return [
    h("strong", {}, root ? "All models" : members.map((set) => agree.sets[set]).join(", ")),
    listOf([
      ["meet at dissimilarity", fixed(height, 3)],
      ...(root
        ? []
        : ([
            ["AU (approximately unbiased)", `${Math.round(100 * (tree.au[branch] ?? 0))} %`],
            ["BP (bootstrap probability)", `${Math.round(100 * (tree.bp[branch] ?? 0))} %`],
          ] as [string, string][])),
    ]),
    root ? null : h("div", { class: "faint" }, `Would other images give this branch? ${whole(tree.resamples)} resamples at each scale. Bold from 95.`),
  ];
}
