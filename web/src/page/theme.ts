// Light, dark, or as the system has it. The choice lasts as long as the window, where the browser keeps anything at all.
import { say } from "../core/dom.js";

const CHOICES = ["auto", "light", "dark"] as const;
type Choice = (typeof CHOICES)[number];
const KEY = "crosslight-theme";

function kept(): Choice {
  try {
    const found = sessionStorage.getItem(KEY);
    return CHOICES.find((choice) => choice === found) ?? "auto";
  } catch {
    return "auto"; // pages opened from a disk may have no storage
  }
}

function keep(choice: Choice): void {
  try {
    sessionStorage.setItem(KEY, choice);
  } catch {
    // it lasts until the page is left, then
  }
}

function apply(choice: Choice, button: HTMLElement): void {
  if (choice === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
  const word = choice[0]!.toUpperCase() + choice.slice(1);
  button.textContent = word;
  button.setAttribute("aria-label", `Colours: ${choice}`);
  dispatchEvent(new Event("themechange"));
}

/** Make a button go through the choices. */
export function startTheme(button: HTMLElement): void {
  let choice = kept();
  apply(choice, button);
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length]!;
    keep(choice);
    apply(choice, button);
    say(`Colours: ${choice}`);
  });
}
