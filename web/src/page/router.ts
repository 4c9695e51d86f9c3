// One view at a time, named by the address: `#agree/2` is the view `agree`, and `2` is its own business.

type Start = () => void | Promise<void>;
type Listener = (rest: string[]) => void;

const listeners = new Map<string, Listener>();
const begun = new Set<string>();
let starts: Record<string, Start> = {};

/** The view and its own part of the address. */
export function place(): { view: string; rest: string[] } {
  const [view = "", ...rest] = decodeURIComponent(location.hash.slice(1)).split("/");
  return { view: document.querySelector(`.view[id="${CSS.escape(view)}"]`) ? view : "overview", rest };
}

/** Be told of the rest of the address while a view is the one that is shown. */
export function onPlace(view: string, listener: Listener): void {
  listeners.set(view, listener);
}

/** Go to a view; `rest` says what to show there. */
export function go(view: string, ...rest: (string | number)[]): void {
  location.hash = [view, ...rest].map((part) => encodeURIComponent(String(part))).join("/");
}

/** Change the address without going anywhere, so that it can be copied. */
export function note(view: string, ...rest: (string | number)[]): void {
  history.replaceState(null, "", `#${[view, ...rest].map((part) => encodeURIComponent(String(part))).join("/")}`);
}

async function show(): Promise<void> {
  const { view, rest } = place();
  for (const element of document.querySelectorAll(".view")) element.classList.toggle("current", element.id === view);
  for (const link of document.querySelectorAll("nav.top a")) {
    if (link.getAttribute("href") === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!begun.has(view)) {
    begun.add(view);
    await starts[view]?.();
  }
  listeners.get(view)?.(rest);
}

/** Begin with the view that the address names. */
export function startRouter(views: Record<string, Start>): void {
  starts = views;
  document.documentElement.classList.add("routed");
  addEventListener("hashchange", () => void show());
  void show();
}
