// Scores: a chart above each table, and intervals under the pointer.
import { part } from "../core/parts.js";
import { tip, untip } from "../core/tip.js";
import { fixed } from "../core/words.js";
import { startChart, type SmallChart } from "./charts.js";

// A cell's interval, for the pointer; the keyboard finds it in the CSV.
function intervals(table: HTMLTableElement): void {
  const heads = [...table.tHead!.rows[0]!.cells].map((cell) => cell.textContent ?? "");
  table.addEventListener("pointermove", (event) => {
    const cell = (event.target as Element).closest<HTMLTableCellElement>("td[data-low]");
    if (!cell) return untip();
    const { low, high, count } = cell.dataset;
    tip(
      event.clientX,
      event.clientY,
      `${cell.parentElement?.firstElementChild?.textContent ?? ""} on ${heads[cell.cellIndex] ?? ""}`,
      `${fixed(Number(cell.dataset["value"]), 3)}, 95 % interval ${fixed(Number(low), 3)} to ${fixed(Number(high), 3)}`,
      `${count} images`,
      cell.classList.contains("chance") && "not shown to be better than chance",
    );
  });
  table.addEventListener("pointerleave", untip);
}

/** Draw the charts of the view of scores. */
export async function startRight(): Promise<void> {
  const charts = await part<SmallChart[]>("right");
  for (const element of document.querySelectorAll<HTMLElement>("[data-score]")) {
    const name = `scores-${element.dataset["metric"]}`;
    const chart = charts.find((one) => one.file === name);
    if (!chart) continue;
    element.after(startChart(element, chart, `chart-${name}`));
  }
  document.querySelectorAll<HTMLTableElement>("#right table.scores").forEach(intervals);
}
