// The confusion matrix of one epoch: a picture that the pointer and the arrow keys read, and cells that open their images.
import { h, say } from "../core/dom.js";
import { fit } from "../core/canvas.js";
import { tip, untip } from "../core/tip.js";
import { fixed, whole } from "../core/words.js";
import { confusion, mostConfused } from "./confusion.js";
import { className } from "./data.js";
import { css, mixed, tokenColour } from "./palette.js";
import type { Acts, Shown } from "./shown.js";
import { shareText } from "./words.js";

/** More classes than these have no names beside the matrix. */
const NAMED = 26;
const PAIRS = 8;

export interface MatrixView {
  element: HTMLElement;
  update(shown: Shown): void;
  /** show an epoch, without anything else being drawn anew */
  point(shown: Shown, place: number): void;
}

export function makeMatrix(acts: Acts): MatrixView {
  const canvas = h("canvas", { class: "confusion-map", tabindex: 0, role: "application", "aria-roledescription": "confusion matrix" });
  const title = h("h3", {});
  const list = h("ol", { class: "confused" });
  const more = h("details", { class: "as-table" }, h("summary", {}, "The matrix as a table"));
  const element = h("section", { class: "matrix-panel" }, title, canvas, h("h4", {}, "Most confused here"), list, more);
  let now: Shown | null = null;
  let epoch = 0;
  let counts: Uint32Array = new Uint32Array();
  let cursor: [number, number] | null = null;
  let [left, cell] = [0, 1];

  function draw(): void {
    if (!now) return;
    const { run } = now;
    const size = run.classes.length;
    const width = Math.max(200, Math.min(440, element.clientWidth || 380));
    const named = size <= NAMED;
    left = named ? Math.min(96, width * 0.26) : 8;
    cell = (width - left) / size;
    const density = fit(canvas, width, width);
    const context = canvas.getContext("2d")!;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, width);
    const [paper, good, bad, ink, quiet] = ["--paper", "--c0", "--c1", "--ink", "--quiet"].map(tokenColour);
    const digits = String(counts.reduce((most, count) => Math.max(most, count), 0)).length;
    const letters = Math.min(12, cell * 0.42, (cell - 3) / (0.62 * digits));
    context.font = `${letters}px system-ui, sans-serif`;
    for (let truth = 0; truth < size; truth++) {
      let all = 0;
      for (let said = 0; said < size; said++) all += counts[truth * size + said];
      for (let said = 0; said < size; said++) {
        const count = counts[truth * size + said];
        const share = all ? count / all : 0;
        const strength = truth === said ? 0.75 * share : Math.min(1, Math.sqrt(share) * 1.15);
        context.fillStyle = css(mixed(truth === said ? good : bad, mixed(quiet, paper, 0.06), count ? 0.06 + 0.94 * strength : 0));
        const gap = cell > 6 ? 1 : 0;
        context.fillRect(left + said * cell, left + truth * cell, cell - gap, cell - gap);
        if (count && letters >= 7) {
          context.fillStyle = css(strength > 0.62 ? paper : ink);
          context.textAlign = "center";
          context.textBaseline = "middle";
          context.fillText(String(count), left + (said + 0.5) * cell, left + (truth + 0.5) * cell + 0.5);
        }
      }
    }
    if (named) names(context, now, ink);
    if (cursor) outline(context, cursor, css(ink), 1.5);
    const pick = now.state.pick;
    if (pick?.kind === "cell") outline(context, [pick.truth, pick.said], css(tokenColour("--accent")), 2.5);
  }

  function outline(context: CanvasRenderingContext2D, [truth, said]: [number, number], colour: string, width: number): void {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(left + said * cell, left + truth * cell, Math.max(3, cell - 1), Math.max(3, cell - 1));
  }

  function names(context: CanvasRenderingContext2D, shown: Shown, ink: readonly number[]): void {
    const { run } = shown;
    const letters = Math.max(9, Math.min(12, cell * 0.7));
    context.font = `${letters}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    run.classes.forEach((name, i) => {
      const middle = left + (i + 0.5) * cell;
      context.fillStyle = css(shown.colours[i]);
      context.fillRect(left - 8, middle - cell / 2, 5, cell - 1);
      context.fillRect(middle - cell / 2, left - 8, cell - 1, 5);
      context.fillStyle = css(ink as unknown as readonly [number, number, number]);
      context.textAlign = "right";
      context.fillText(clip(context, name, left - 13), left - 12, middle);
      context.save();
      context.translate(middle, left - 12);
      context.rotate(-Math.PI / 2);
      context.textAlign = "left";
      context.fillText(clip(context, name, left - 14), 0, 0);
      context.restore();
    });
    context.fillStyle = css(tokenColour("--quiet"));
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "left";
    context.fillText("true ↓", 0, left - 18);
    context.fillText("predicted →", 0, left - 33);
  }

  function cellAt(event: PointerEvent): [number, number] | null {
    const box = canvas.getBoundingClientRect();
    const size = now?.run.classes.length ?? 0;
    const [said, truth] = [Math.floor((event.clientX - box.left - left) / cell), Math.floor((event.clientY - box.top - left) / cell)];
    return said >= 0 && truth >= 0 && said < size && truth < size ? [truth, said] : null;
  }

  function words([truth, said]: [number, number]): string[] {
    const { run } = now!;
    const size = run.classes.length;
    let all = 0;
    for (let one = 0; one < size; one++) all += counts[truth * size + one];
    const count = counts[truth * size + said];
    return [
      truth === said ? `${className(run, truth)}, rightly predicted` : `${className(run, truth)}, predicted ${className(run, said)}`,
      `${shareText(count, all)} at epoch ${run.epochs[epoch]}`,
    ];
  }

  function open([truth, said]: [number, number]): void {
    if (now) acts.pick({ kind: "cell", truth, said, epoch: now.run.epochs[epoch] });
  }

  canvas.addEventListener("pointermove", (event) => {
    const found = cellAt(event);
    if (!found || !now) return untip();
    const [head, ...rest] = words(found);
    tip(event.clientX, event.clientY, h("b", {}, head), ...rest, "click to see them");
  });
  canvas.addEventListener("pointerleave", untip);
  canvas.addEventListener("click", (event) => {
    const found = cellAt(event as PointerEvent);
    if (found) open(found);
  });
  canvas.addEventListener("keydown", (event) => {
    const steps: Record<string, [number, number]> = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
    const step = steps[event.key];
    if (!now || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = now.run.classes.length - 1;
    if (step) {
      cursor = cursor ? [Math.max(0, Math.min(last, cursor[0] + step[0])), Math.max(0, Math.min(last, cursor[1] + step[1]))] : [0, 0];
      say(words(cursor).join(": "));
      draw();
    } else if (event.key === "Enter" && cursor) open(cursor);
    else if (event.key === "Escape" && now.state.pick) acts.pick(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("blur", () => {
    cursor = null;
    draw();
  });
  more.addEventListener("toggle", () => table());

  function table(): void {
    more.querySelector(".scroller")?.remove();
    if (!more.open || !now) return;
    const { run } = now;
    const size = run.classes.length;
    if (size > NAMED) return void more.append(h("p", { class: "scroller" }, `With ${size} classes a table would have ${whole(size * size)} cells; the list above has the largest.`));
    const rows = run.classes.map((name, truth) => h("tr", {}, h("th", { scope: "row" }, name), ...run.classes.map((_, said) => h("td", { class: "n" }, counts[truth * size + said]))));
    const heads = h("tr", {}, h("th", { scope: "col" }, "true \\ predicted"), ...run.classes.map((name) => h("th", { scope: "col", class: "n" }, name)));
    more.append(h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "Confusion matrix" }, h("table", {}, h("thead", {}, heads), h("tbody", {}, ...rows))));
  }

  function fill(shown: Shown, place: number): void {
    now = shown;
    epoch = place;
    counts = confusion(shown.run, shown.rows.order, place);
    const [all, right] = totals(counts, shown.run.classes.length);
    title.textContent = `Epoch ${shown.run.epochs[place] ?? "–"}: ${all ? `${fixed((100 * right) / all, 1)} % right` : "nothing to judge"}`;
    canvas.setAttribute("aria-label", `Confusion matrix at epoch ${shown.run.epochs[place]}: ${shareText(right, all)} right; arrow keys move through its cells, Enter picks the images of one out`);
    const found = mostConfused(counts, shown.run.classes.length, PAIRS);
    const most = found[0]?.count ?? 1;
    list.replaceChildren(
      ...found.map((one) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "confused-pair", "--share": one.count / most, onclick: () => open([one.truth, one.said]) },
            h("i", { class: "chip", "--chip": css(shown.colours[one.truth]) }),
            `${className(shown.run, one.truth)} → `,
            h("i", { class: "chip", "--chip": css(shown.colours[one.said]) }),
            className(shown.run, one.said),
            h("b", {}, ` ${whole(one.count)}`),
          ),
        ),
      ),
    );
    if (!found.length) list.append(h("li", { class: "quiet" }, all ? "No image is predicted wrong." : "No image has a label."));
    draw();
    if (more.open) table();
  }

  return {
    element,
    update: (shown) => fill(shown, shown.at),
    point: fill,
  };
}

function totals(counts: Uint32Array, size: number): [number, number] {
  let [all, right] = [0, 0];
  counts.forEach((count, at) => {
    all += count;
    if (at % (size + 1) === 0) right += count;
  });
  return [all, right];
}

function clip(context: CanvasRenderingContext2D, text: string, room: number): string {
  let cut = text;
  while (cut.length > 1 && context.measureText(cut === text ? cut : `${cut}…`).width > room) cut = cut.slice(0, -1);
  return cut === text ? cut : `${cut}…`;
}
