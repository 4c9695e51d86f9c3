// The Learning view: a run's predictions epoch by epoch, and every drawing of them joined with the others.
import { by, h, say } from "../core/dom.js";
import { pills } from "../core/fields.js";
import { part } from "../core/parts.js";
import { onPlace } from "../page/router.js";
import { drawCurves, panelsOf, saidAt } from "./curves.js";
import { loadNumbers, loadRun, type LearningHead, type Run } from "./data.js";
import { makeMap } from "./datamap.js";
import { findingsOf } from "./findings.js";
import { makeFlow } from "./flow.js";
import type { Frame } from "./frame.js";
import { makeHeat } from "./heatview.js";
import { legendOf } from "./legend.js";
import { follow } from "./live.js";
import { makeMatrix } from "./matrix.js";
import { accuracyAt, measure, measuresOf, type Measures } from "./measures.js";
import { cellColours, classColours, css, forgetTokens, tokenColour } from "./palette.js";
import { makePictures } from "./pictures.js";
import { makePlayer } from "./player.js";
import { among, arranged, picked, placeOf, rangeOf } from "./rows.js";
import type { Acts, Shown } from "./shown.js";
import { addressOf, readAddress, standard, type State } from "./state.js";
import { makeTable } from "./table.js";
import { makeToolbar } from "./toolbar.js";

/** Draw the view. */
export async function startLearning(): Promise<void> {
  const root = by("learning-root");
  const { runs } = await part<LearningHead>("learning");
  let state: State = readAddress(location.hash.startsWith("#learning") ? location.hash : "");
  if (!runs[state.run]) state.run = 0;
  let run: Run = await loadRun(runs[state.run], state.run);
  let shown: Shown;
  let frame: Frame | null = null;
  let width = 0;
  let waiting = 0;
  const measured = new Map<string, Measures>();

  const acts: Acts = {
    change(next) {
      const other = next.run !== undefined && next.run !== state.run;
      state = other ? { ...standard(), colouring: state.colouring, run: next.run! } : { ...state, ...next };
      history.replaceState(null, "", addressOf(state));
      if (other) void load();
      else if (Object.keys(next).every((name) => name === "at" || name === "open")) look();
      else soon();
    },
    pick: (pick) => acts.change({ pick, only: false }),
    point: (place) => pointed(place ?? shown.at),
    light(image) {
      heat.point(now, image);
      map.light(image);
    },
  };
  const [heat, matrix, map, flow] = [makeHeat(acts), makeMatrix(acts), makeMap(acts), makeFlow(acts)];
  const [pictures, toolbar, player, table] = [makePictures(acts), makeToolbar(acts), makePlayer(acts), makeTable(acts)];
  const [found, curves, legend, live] = [h("div", { class: "findings learning-findings" }), h("div", { class: "curves-root" }), h("div", {}), h("p", { class: "live-note", role: "status", hidden: true })];
  const choice = h("div", { class: "run-choice" });
  const left = h("div", { class: "heat-side" }, curves, heat.element, legend);
  root.replaceChildren(choice, live, found, toolbar.element, player.element, h("div", { class: "learning-main" }, left, matrix.element), pictures.element, h("div", { class: "learning-pair" }, map.element, flow.element), table.element);
  let now = 0;

  function measuresFor(from: number, to: number): Measures {
    const key = [run.number, from, to, run.epochs.length, run.probability.length, run.margin.length].join();
    if (!measured.has(key)) {
      if (measured.size > 8) measured.clear();
      measured.set(key, measure(run, from, to));
    }
    return measured.get(key)!;
  }

  let which = "";
  let arrangement = { key: "", rows: { order: new Uint32Array(), blocks: [] } as Shown["rows"] };

  function see(): Shown {
    const range = rangeOf(run, state);
    const measures = measuresFor(...range);
    const axes = run.head.probability ? ([measures.confidence, measures.spread] as const) : ([measures.correctness, measures.frequency] as const);
    const all = state.pick ? picked(run, state.pick, axes, measuresFor) : null;
    const { sort, down, group, truth, said, verdict, search, limit, only } = state;
    which = JSON.stringify([run.number, run.epochs.length, run.probability.length, run.margin.length, range, truth, said, verdict, search, limit, only && state.pick]);
    const key = JSON.stringify([which, sort, down, group]);
    if (key !== arrangement.key) arrangement = { key, rows: arranged(run, measures, state, only ? all : null) };
    const colours = classColours(run);
    return {
      run, state, range, measures, axes, colours,
      at: Math.max(range[0], Math.min(range[1], placeOf(run, state.at, range[1]))),
      about: measuresOf(run),
      rows: arrangement.rows,
      found: all,
      picked: all ? among(arrangement.rows.order, all) : new Uint32Array(),
      cells: cellColours(run, colours, state.colouring),
    }; // prettier-ignore
  }

  function draw(): void {
    cancelAnimationFrame(waiting);
    waiting = 0;
    width = root.clientWidth;
    if (!width || !run.epochs.length) return; // another view is shown, or nothing is there yet
    forgetTokens();
    shown = see();
    now = shown.at;
    frame = heat.update(shown);
    drawLines();
    toolbar.update(shown);
    player.update(shown);
    drawOnce("matrix", matrix, [state.at]);
    pictures.update(shown);
    drawOnce("map", map, []);
    drawOnce("flow", flow, [state.stages]);
    table.update(shown);
    legend.replaceChildren(legendOf(shown, acts));
    performance.mark("crosslight:learning");
    root.dataset["drawn"] = String(Number(root.dataset["drawn"] ?? 0) + 1);
  }

  // What does not depend on the order of rows is not drawn anew for another one.
  const drawn = new Map<string, string>();
  function drawOnce(name: string, view: { update(shown: Shown): void }, besides: unknown[]): void {
    const key = JSON.stringify([which, state.pick, width, css(tokenColour("--paper")), ...besides]);
    if (drawn.get(name) === key) return;
    drawn.set(name, key);
    view.update(shown);
  }

  // Another epoch or another image to be told about: the rows stay as they are.
  function look(): void {
    if (!shown || waiting) return later();
    shown = { ...shown, state, at: Math.max(shown.range[0], Math.min(shown.range[1], placeOf(run, state.at, shown.range[1]))) };
    now = shown.at;
    heat.look(shown);
    player.update(shown);
    matrix.update(shown);
    pictures.update(shown);
    table.update(shown);
    cross(now);
  }

  // A choice is shown at once, several made together once.
  let chosen = false;
  function soon(): void {
    if (chosen) return;
    chosen = true;
    queueMicrotask(() => {
      chosen = false;
      draw();
    });
  }

  function later(): void {
    if (!waiting) waiting = requestAnimationFrame(draw);
  }

  function drawLines(): void {
    const panels = panelsOf(run.metrics, run.epochs.map((_, place) => accuracyOf(place)));
    curves.replaceChildren(drawCurves(panels, frame!, shown.range, run.epochs), h("i", { class: "curve-at", "aria-hidden": "true" }));
    const last = saidAt(panels, shown.at).join(" · ");
    curves.dataset["said"] = last;
    cross(shown.at);
  }

  const accuracies = new Map<string, number>();
  function accuracyOf(place: number): number {
    const key = `${run.number} ${run.epochs[place]}`;
    if (!accuracies.has(key)) accuracies.set(key, accuracyAt(run, place));
    return accuracies.get(key)!;
  }

  function cross(place: number): void {
    const mark = curves.querySelector<HTMLElement>(".curve-at");
    if (!mark || !frame) return;
    const [from, to] = shown.range;
    mark.style.left = `${frame.x0 + ((place - from + 0.5) * (frame.x1 - frame.x0)) / (to - from + 1)}px`;
  }

  let pointing = 0;
  function pointed(place: number): void {
    if (place === now || !shown) return;
    now = place;
    cancelAnimationFrame(pointing);
    pointing = requestAnimationFrame(() => {
      matrix.point(shown, now);
      player.point(shown, now);
      cross(now);
    });
  }

  async function load(): Promise<void> {
    root.setAttribute("aria-busy", "true");
    run = await loadRun(runs[state.run], state.run);
    introduce();
    later();
    root.removeAttribute("aria-busy");
    if (await loadNumbers(run)) later();
  }

  function introduce(): void {
    const { head } = run;
    if (runs.length > 1) choice.replaceChildren(pills("run", "Run", runs.map((one, i) => [String(i), one.label] as const), String(state.run), (value) => acts.change({ run: Number(value) })));
    found.replaceChildren(...findingsOf(head, acts));
    if (head.note) found.append(h("p", { class: "quiet" }, head.note));
    live.hidden = !head.live;
    if (!run.epochs.length) live.textContent = "0 epochs are recorded yet; the first column appears when the first epoch is complete.";
  }

  curves.addEventListener("pointermove", (event) => {
    if (!frame) return;
    const x = event.clientX - curves.getBoundingClientRect().left;
    const [from, to] = shown.range;
    if (x >= frame.x0 && x < frame.x1) pointed(from + Math.floor(((x - frame.x0) / (frame.x1 - frame.x0)) * (to - from + 1)));
  });
  curves.addEventListener("pointerleave", () => pointed(shown.at));
  curves.addEventListener("click", () => acts.change({ at: run.epochs[now] }));
  addEventListener("themechange", later);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
  new ResizeObserver(() => frame && root.clientWidth && later()).observe(root);
  onPlace("learning", () => {
    const next = readAddress(location.hash);
    if (!runs[next.run]) next.run = 0;
    const other = next.run !== state.run;
    state = next;
    if (other) void load();
    else later();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !root.clientWidth || event.target !== document.body) return;
    event.preventDefault();
    player.toggle();
  });

  introduce();
  draw();
  void loadNumbers(run).then((more) => more && later());
  for (const [i, head] of runs.entries()) {
    if (!head.live) continue;
    const one = await loadRun(head, i);
    follow(
      one,
      () => {
        if (one !== run) return;
        introduce();
        say(`Epoch ${one.epochs[one.epochs.length - 1]} was added`);
        later();
      },
      (words, running) => {
        if (one !== run) return;
        live.textContent = words;
        live.classList.toggle("running", running);
      },
    );
  }
}
