// The tables of all methods together: what a cell knows besides its number, when it is pointed at.
import { h } from "../core/dom.js";
import { tip, untip } from "../core/tip.js";

/** Show titles of cells as the page's own tips, and light up the row and the column of what is pointed at. */
export function tipsInTables(view: HTMLElement): void {
  for (const cell of view.querySelectorAll<HTMLElement>(".heat [title], .stack [title]")) {
    cell.dataset["tip"] = cell.title;
    cell.removeAttribute("title");
  }
  let lit: Element[] = [];
  const clear = (): void => {
    for (const element of lit) element.classList.remove("lit");
    lit = [];
    untip();
  };
  for (const block of view.querySelectorAll<HTMLElement>(".heat, .stack")) {
    block.addEventListener("pointermove", (event) => {
      const cell = (event.target as Element).closest<HTMLElement>("[data-tip], td");
      clear();
      if (!cell) return;
      lit = headsOf(cell);
      for (const element of lit) element.classList.add("lit");
      const text = cell.dataset["tip"];
      if (text) tip(event.clientX, event.clientY, ...lines(text));
    });
    block.addEventListener("pointerleave", clear);
  }
}

function headsOf(cell: HTMLElement): Element[] {
  const row = cell.closest("tbody tr");
  const table = cell.closest("table");
  if (!row || !table || !(cell instanceof HTMLTableCellElement)) return [];
  const column = table.querySelector("thead tr")?.children[cell.cellIndex];
  return [row.children[0], column, cell].filter((one): one is Element => one instanceof Element);
}

// Whom it is about stands before the colon.
function lines(text: string): HTMLElement[] {
  const [head, ...rest] = text.split(": ");
  return rest.length ? [h("strong", {}, head), h("div", {}, rest.join(": "))] : [h("div", {}, text)];
}
