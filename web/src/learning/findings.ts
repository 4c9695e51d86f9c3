// What was found, in words: two lines at once, the rest when it is asked for.
import { h } from "../core/dom.js";
import type { Finding, RunHead } from "./data.js";
import type { Acts } from "./shown.js";

/** Longer texts are folded. */
const FOLDED = 140;

export function findingsOf(head: RunHead, acts: Acts): HTMLElement[] {
  const remarks = head.remarks.map((text) => ({ head: "Remark", text, warns: true, images: [] }));
  return [...head.findings, ...remarks].map((one) => finding(one, acts));
}

function finding({ head, text, warns, images }: Finding, acts: Acts): HTMLElement {
  const words = h("p", { class: "folded" }, text.replaceAll(" %", "\u00a0%"));
  const more = h("button", { type: "button", class: "show-images", "aria-expanded": "false" }, "more");
  more.addEventListener("click", () => {
    const folded = words.classList.toggle("folded");
    more.textContent = folded ? "more" : "less";
    more.setAttribute("aria-expanded", String(!folded));
  });
  const show =
    images.length > 0 &&
    h("button", { type: "button", class: "show-images", onclick: () => acts.pick({ kind: "list", images }) }, images.length > 1 ? `show ${images.length}` : "show it");
  return h(
    "article",
    { class: warns ? "warns" : null },
    h("header", {}, h("h3", {}, head), show, text.length > FOLDED && more),
    words,
  );
}
