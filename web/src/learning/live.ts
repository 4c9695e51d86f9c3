// Following a training that still runs. A page on a disk may not fetch, so it asks for scripts: one that says which epochs
// there are, again and again under a new address, and one for each epoch.
import { bytesOf, inflated } from "../core/bytes.js";
import { fresh } from "../core/parts.js";
import { MISSING, type Finding, type Metrics, type Run } from "./data.js";
import { floats16, floats32 } from "./numbers.js";

/** Milliseconds between two looks, and between looks at what seems to have stopped. */
const SOON = 1500;
const LATER = 6000;

/** What the watcher says. */
interface Latest {
  epochs: number[];
  images: number;
  findings: Finding[];
  remarks: string[];
  metrics: Metrics;
  /** training, finished, or stopped: nobody watches any more */
  state: "training" | "finished" | "stopped";
  words: string;
}

interface EpochPart {
  epoch: number;
  predictions: string;
  probability: string | null;
  margin: string | null;
}

/** Look for new epochs; `added` is told of each look at which something is new, `said` of what is going on. */
export function follow(run: Run, added: () => void, said: (words: string, running: boolean) => void): void {
  const folder = run.head.live;
  if (!folder) return;
  let missed = 0;

  async function look(): Promise<void> {
    let wait = SOON;
    try {
      const latest = await fresh<Latest>("latest", `${folder}/latest.js`);
      missed = 0;
      if (latest.images !== run.images) return location.reload(); // the page was written anew for them
      run.head.findings = latest.findings;
      run.head.remarks = latest.remarks;
      const wanted = latest.epochs.filter((epoch) => !run.epochs.includes(epoch)).sort((a, b) => a - b);
      for (const epoch of wanted) await add(run, await fresh<EpochPart>(`epoch-${epoch}`, `${folder}/epoch-${String(epoch).padStart(5, "0")}.js`));
      const told = Object.entries(latest.metrics);
      run.metrics = Object.fromEntries(told.map(([name, values]) => [name, run.epochs.map((epoch) => values[latest.epochs.indexOf(epoch)] ?? null)]));
      if (wanted.length) added();
      said(latest.words, latest.state === "training");
      if (latest.state === "finished") return;
      if (latest.state === "stopped") wait = LATER;
    } catch {
      if (++missed > 2) said(`${run.epochs.length} epochs; nothing was heard for ${missed} looks`, false);
      wait = Math.min(60_000, LATER * missed);
    }
    window.setTimeout(() => void look(), wait);
  }

  void look();
}

async function add(run: Run, part: EpochPart): Promise<void> {
  const bytes = await inflated(bytesOf(part.predictions));
  const said = new Uint16Array(bytes.buffer);
  if (said.length !== run.images || run.epochs.includes(part.epoch)) return;
  const place = run.epochs.filter((epoch) => epoch < part.epoch).length;
  const [probability, margin] = await Promise.all([part.probability && inflated(bytesOf(part.probability)), part.margin && inflated(bytesOf(part.margin))]);
  const nothing = new Float32Array(run.images).fill(NaN);
  run.epochs.splice(place, 0, part.epoch);
  run.predictions.splice(place, 0, said.length ? said : new Uint16Array(run.images).fill(MISSING));
  if (run.head.probability) run.probability.splice(place, 0, probability ? floats16(probability, 1, run.images)[0] : nothing);
  if (run.head.margin) run.margin.splice(place, 0, margin ? (run.head.margin === "float16" ? floats16 : floats32)(margin, 1, run.images)[0] : nothing);
}
