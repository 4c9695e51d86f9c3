// Sentences above the board: about files that could not be taken, and about a server that went away.
import { h } from "../core/dom.js";

const shown = h("div", { class: "notices", role: "region", "aria-label": "Messages" });

export function noticesElement(): HTMLElement {
  return shown;
}

/** Say something that stays until it is closed. */
export function notice(kind: "bad" | "good", text: string, detail: string | Node = ""): HTMLElement {
  const same = [...shown.children].find((child) => child instanceof HTMLElement && child.dataset["text"] === text);
  same?.remove();
  const close = h("button", { class: "close", type: "button", "aria-label": "Close this message" }, "×");
  const made = h(
    "div",
    { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status", "data-text": text },
    h("p", {}, h("strong", {}, text), detail ? " " : null, detail || null),
    close,
  );
  close.addEventListener("click", () => made.remove());
  shown.append(made);
  return made;
}

/** Take away what was said. */
export function clearNotices(): void {
  shown.replaceChildren();
}
