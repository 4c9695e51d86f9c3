// Copying the command, and files that lie in the single file itself.
import { say } from "../core/dom.js";
import { asset, isSingle } from "../core/parts.js";

async function copy(button: HTMLElement): Promise<void> {
  const text = button.dataset["copy"] ?? "";
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Without the permission, the text is marked, so that one key copies it.
    const code = button.parentElement?.querySelector("code");
    if (code) getSelection()?.selectAllChildren(code);
    button.textContent = "Selected";
  }
  say(`${button.textContent}: ${text}`);
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

/** Make the buttons and links of the view work. */
export function startHow(): void {
  document.querySelectorAll<HTMLElement>("[data-copy]").forEach((button) => {
    button.addEventListener("click", () => void copy(button));
  });
}

/** In the single file, links to files lead to their copies within it. */
export function startFiles(): void {
  if (!isSingle()) return;
  document.querySelectorAll<HTMLAnchorElement>("a[data-asset]").forEach((link) => {
    void asset(link.dataset["asset"]!).then((address) => (link.href = address));
  });
}
