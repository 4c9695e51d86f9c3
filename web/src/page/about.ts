// What each view is for: its cards in a dialog, opened by the `?` in the bar.
import { place } from "./router.js";

/** Open the cards of the view that is shown. */
export function startAbout(button: HTMLElement): void {
  button.addEventListener("click", () => {
    const dialog = document.getElementById(`about-${place().view}`);
    if (dialog instanceof HTMLDialogElement) dialog.showModal();
  });
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog.about")) {
    dialog.addEventListener("click", (event) => {
      const target = event.target as Element;
      if (target === dialog || target.closest(".close, a[href^='#']")) dialog.close();
    });
  }
}
