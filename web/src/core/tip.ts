// One tooltip for the page: what the pointer is over, also reached by the keyboard through focus.
import { h, type Child } from "./dom.js";

let box: HTMLElement | null = null;

function place(x: number, y: number): void {
  if (!box) return;
  const { width, height } = box.getBoundingClientRect();
  const left = x + 16 + width > innerWidth ? x - width - 12 : x + 16;
  const top = y + 16 + height > innerHeight ? y - height - 12 : y + 16;
  box.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
}

/** Show lines at a place of the window. */
export function tip(x: number, y: number, ...lines: Child[]): void {
  if (!box) {
    box = h("div", { class: "tip", role: "tooltip" });
    document.body.append(box);
  }
  box.replaceChildren(...lines.filter(Boolean).map((line) => (line instanceof Node ? line : h("div", {}, line))));
  box.hidden = false;
  place(x, y);
}

export function untip(): void {
  if (box) box.hidden = true;
}
