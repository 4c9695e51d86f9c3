// Agreement of models: one method at a time, `#agree/<method>`, and one pair of models beside it, `#agree/<method>/<a>/<b>`.
import { data } from "../core/data.js";
import { by, h } from "../core/dom.js";
import { part } from "../core/parts.js";
import { untip } from "../core/tip.js";
import { go, noteMethod, onPlace } from "../page/router.js";
import type { Agree } from "./data.js";
import { closeDrawer, openDrawer } from "./drawer.js";
import { tipsInTables } from "./overview.js";
import { setsOf, showPanel, type Shown } from "./panel.js";

let shown: { method: number; panel: Shown } | null = null;
let turn = 0;

export function startAgree(): void {
  const methods = data.parts.filter((name) => name.startsWith("agree-")).map((name) => Number(name.slice(6)));
  if (!methods.length) return;
  const view = by("agree");
  view.addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    if (input.name === "panel") go("agree", input.value);
  });
  view.addEventListener("click", (event) => {
    const row = (event.target as Element).closest<HTMLElement>("tr[data-method]");
    if (!row) return;
    event.preventDefault();
    go("agree", row.dataset["method"]!);
    by("agree-methods").scrollIntoView({ block: "start" });
  });
  tipsInTables(view);
  onPlace("agree", (rest) => void show(methods, rest));
  addEventListener("hashchange", () => {
    if (!location.hash.startsWith("#agree")) closeDrawer();
  });
}

async function show(methods: number[], [name, first, second]: string[]): Promise<void> {
  const method = methods.includes(Number(name)) && name ? Number(name) : (shown?.method ?? methods[0]);
  const own = ++turn;
  untip();
  if (shown?.method !== method) {
    const root = by("agree-root");
    root.setAttribute("aria-busy", "true");
    let agree: Agree;
    try {
      agree = await part<Agree>(`agree-${method}`);
    } catch (problem) {
      root.replaceChildren(h("p", { class: "note warns" }, `${(problem as Error).message}.`));
      return;
    }
    if (own !== turn) return;
    shown?.panel.stop();
    closeDrawer();
    shown = { method, panel: showPanel(root, method, agree) };
    root.removeAttribute("aria-busy");
    noteMethod(method);
    for (const input of document.querySelectorAll<HTMLInputElement>("input[name=panel]")) input.checked = input.value === String(method);
    for (const row of document.querySelectorAll<HTMLElement>("tr[data-method]")) row.classList.toggle("chosen", row.dataset["method"] === String(method));
  }
  const { agree } = shown.panel;
  const pair = first !== undefined && second !== undefined ? setsOf(agree, [Number(first), Number(second)]) : null;
  if (pair) void openDrawer(method, agree, ...pair, () => go("agree", method));
  else closeDrawer();
}
