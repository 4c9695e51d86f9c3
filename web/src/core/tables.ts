// Every table with a name can be sorted by its columns and saved as CSV.
import { h, say } from "./dom.js";
import { saveCsv } from "./save.js";
import { saveButton } from "./saves.js";

type Value = string | number | null;

function textOf(cell: Element): string {
  const copy = cell.cloneNode(true) as Element;
  for (const hidden of copy.querySelectorAll(".hidden, [aria-hidden], .sort-mark")) hidden.remove();
  for (const line of copy.querySelectorAll("br")) line.replaceWith(" ");
  return (copy.textContent ?? "").trim().replace(/\s+/g, " ");
}

/** A number out of a cell as people write it: thousands, a minus sign, per cent; null where it is none. */
function numberIn(text: string): number | null {
  const found = /^[<>≈]?\s*([−-]?[\d,]*\.?\d+(?:e[−-]?\d+)?)\s*(?:%|±|of\b|×|to\b|\(|s$|$)/i.exec(text.replace(/\u00a0/g, " "));
  if (!found) return null;
  const value = Number(found[1]!.replace(/,/g, "").replace(/−/g, "-"));
  return Number.isFinite(value) ? value : null;
}

function valueOf(cell: Element): Value {
  const own = (cell as HTMLElement).dataset["value"];
  if (own !== undefined) return own === "" ? null : Number.isNaN(Number(own)) ? own : Number(own);
  const text = textOf(cell);
  return text === "–" || text === "" ? null : text;
}

// A column of bars repeats the numbers of others.
function isDrawn(head: HTMLElement): boolean {
  return head.dataset["drawn"] !== undefined;
}

/** What a table holds, with the bounds and numbers of images that its cells carry besides. */
export function rowsOf(table: HTMLTableElement): Value[][] {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const body = [...table.tBodies].flatMap((part) => [...part.rows]);
  const extra = heads.map((_, column) =>
    (["low", "high", "count"] as const).filter((name) =>
      body.some((row) => row.cells[column]?.dataset[name] !== undefined),
    ),
  );
  const first = heads.flatMap((head, column) => isDrawn(head) ? [] : [
    textOf(head),
    ...extra[column]!.map((name) => `${textOf(head)} ${name === "count" ? "images" : name}`),
  ]);
  const rest = body.map((row) =>
    [...row.cells].flatMap((cell, column) => heads[column] && isDrawn(heads[column]!) ? [] : [
      valueOf(cell),
      ...(extra[column] ?? []).map((name): Value => {
        const bound = cell.dataset[name];
        return bound === undefined || bound === "nan" ? null : Number(bound);
      }),
    ]),
  );
  return [first, ...rest];
}

// Numbers before words, and what is not known last, whichever way the column is sorted.
function compare(a: Value, b: Value, down: boolean): number {
  const [x, y] = [a, b].map((value) => (typeof value === "string" ? (numberIn(value) ?? value) : value)) as [Value, Value];
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
  if (typeof x === "number" && typeof y === "number") return down ? y - x : x - y;
  if (typeof x === "number" || typeof y === "number") return typeof x === "number" ? -1 : 1;
  return down ? y.localeCompare(x, "en", { numeric: true }) : x.localeCompare(y, "en", { numeric: true });
}

/** Sort the first body of a table by a column; others, such as baselines, stay where they are. */
function sortBy(table: HTMLTableElement, column: number, down: boolean): void {
  const body = table.tBodies[0]!;
  const rows = [...body.rows];
  const values = new Map(rows.map((row) => [row, row.cells[column] ? valueOf(row.cells[column]!) : null]));
  rows.sort((a, b) => compare(values.get(a)!, values.get(b)!, down));
  body.append(...rows);
  [...table.tHead!.rows[0]!.cells].forEach((head, at) => {
    if (at === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
}

function sortable(table: HTMLTableElement): void {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  if ((table.tBodies[0]?.rows.length ?? 0) < 2) return;
  heads.forEach((head, column) => {
    if (!textOf(head) || isDrawn(head)) return;
    const button = h("button", { type: "button", class: "sort" }, ...head.childNodes);
    button.append(h("span", { class: "sort-mark", "aria-hidden": "true" }));
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      // Numbers are mostly looked at from the highest on, names from A on.
      const first = head.classList.contains("n");
      const down = now === null ? first : now === "ascending";
      sortBy(table, column, down);
      say(`Sorted by ${textOf(head)}, ${down ? "descending" : "ascending"}`);
    });
    head.replaceChildren(button);
  });
}

/** Give every named table below an element its sorting and its CSV, once. */
export function dressTables(root: ParentNode): void {
  for (const table of root.querySelectorAll<HTMLTableElement>("table[data-name]:not([data-dressed])")) {
    table.dataset["dressed"] = "";
    const name = table.dataset["name"]!;
    sortable(table);
    const link = saveButton("CSV", `the table ${name}`, () => saveCsv(rowsOf(table), name));
    const holder = table.closest(".scroller") ?? table;
    holder.after(h("p", { class: "saves" }, link));
  }
}
