// Dialogs: the browser's own, so that focus, Escape and what lies behind are its business.
import { h, type Child } from "../core/dom.js";

export interface Sheet {
  element: HTMLDialogElement;
  body: HTMLElement;
  title: HTMLElement;
  close: () => void;
}

let open: Sheet | null = null;

/** Show a dialog; one at a time. */
export function openSheet(kind: string, title: string, body: Child[], closed: () => void = () => undefined): Sheet {
  open?.close();
  const heading = h("h2", { id: "sheet-title", tabindex: "-1" }, title);
  const inner = h("div", { class: "body" }, ...body);
  const element = h(
    "dialog",
    { class: `sheet ${kind}`, "aria-labelledby": "sheet-title" },
    h("header", {}, heading, h("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => element.close() }, "×")),
    inner,
  );
  const sheet = { element, body: inner, title: heading, close: () => element.close() };
  const back = document.activeElement;
  element.addEventListener("close", () => {
    element.remove();
    if (open === sheet) open = null;
    if (back instanceof HTMLElement && back.isConnected) back.focus();
    closed();
  });
  element.addEventListener("click", (event) => {
    if (event.target === element) element.close(); // outside of what it holds
  });
  document.body.append(element);
  open = sheet;
  element.showModal();
  return sheet;
}

export function isSheetOpen(): boolean {
  return open?.element.open ?? false;
}
