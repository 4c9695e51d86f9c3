// One view at a time, named by the address: `#agree/2` is the view `agree`, and `2` is its own business. An address that
// is the id of something within a view leads there. What stands behind a `?` is the view's own business, too.

type Start = () => void | Promise<void>;
type Listener = (rest: string[]) => void;

const listeners = new Map<string, Listener>();
const begun = new Map<string, Promise<void>>();
let starts: Record<string, Start> = {};
let after: (view: HTMLElement) => void = () => undefined;

function views(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(".view")];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % is no address of ours, but no reason to stop either
  }
}

/** The view and its own part of the address. */
export function place(): { view: string; rest: string[]; inside: HTMLElement | null } {
  const [view = "", ...rest] = location.hash.slice(1).split("?")[0]!.split("/").map(decoded);
  if (views().some((element) => element.id === view)) return { view, rest, inside: null };
  const inside = view ? document.getElementById(view) : null;
  return { view: inside?.closest(".view")?.id ?? views()[0]?.id ?? "", rest: [], inside };
}

/** Be told of the rest of the address while a view is the one that is shown. */
export function onPlace(view: string, listener: Listener): void {
  listeners.set(view, listener);
}

function address(view: string, rest: (string | number)[]): string {
  return `#${[view, ...rest].map((part) => encodeURIComponent(String(part))).join("/")}`;
}

/** Go to a view; `rest` says what to show there. */
export function go(view: string, ...rest: (string | number)[]): void {
  location.hash = address(view, rest);
}

/** The address of a place in a view, for links. */
export function hrefOf(view: string, ...rest: (string | number)[]): string {
  return address(view, rest);
}

/** Change the address without going anywhere, so that it can be copied. */
export function note(view: string, ...rest: (string | number)[]): void {
  history.replaceState(null, "", address(view, rest));
}

function mark(view: string): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("nav.top a")) {
    if (viewOf(link) !== view) link.removeAttribute("aria-current");
    else {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }
}

function viewOf(link: HTMLAnchorElement): string {
  return link.hash.slice(1).split(/[/?]/)[0] ?? "";
}

// The bar leads back to where one was in a view.
function remember(left: string): void {
  const hash = left.slice(left.indexOf("#") + 1);
  const view = hash.split(/[/?]/)[0] ?? "";
  for (const link of document.querySelectorAll<HTMLAnchorElement>("nav.top a")) {
    if (view && left.includes("#") && viewOf(link) === view && view !== place().view) link.setAttribute("href", `#${hash}`);
  }
}

/** Views that show one method at a time, in step: a method that is chosen in one is what the other opens with. */
const OF_METHODS = ["look", "agree"];

/** Have the links of the bar lead to a method that was chosen; where one was in a view of that method stays. */
export function noteMethod(method: number): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("nav.top a")) {
    const view = viewOf(link);
    const rest = link.hash.slice(view.length + 2);
    if (!OF_METHODS.includes(view) || /^\d*/.exec(rest)![0] === String(method)) continue;
    link.setAttribute("href", `#${view}/${method}${view === "look" ? rest.replace(/^\d*/, "") : ""}`);
  }
}

/** Draw a view where that has not happened yet. */
export function begin(view: string): Promise<void> {
  const known = begun.get(view);
  if (known) return known;
  const promise = (async () => {
    await starts[view]?.();
    const element = document.getElementById(view);
    if (element) after(element);
  })();
  begun.set(view, promise);
  return promise;
}

let last = "";

async function show(): Promise<void> {
  const { view, inside } = place();
  for (const element of views()) element.classList.toggle("current", element.id === view);
  mark(view);
  if (view !== last && !inside) scrollTo(0, 0);
  last = view;
  await begin(view);
  if (place().view !== view) return;
  document.getElementById(view)?.classList.add("seen");
  listeners.get(view)?.(place().rest);
  if (!inside) return;
  for (let around: Element | null = inside; around; around = around.parentElement) {
    if (around instanceof HTMLDetailsElement) around.open = true;
  }
  inside.scrollIntoView();
}

/** Begin with the view that the address names. `ready` is told of every view when it is drawn. */
export function startRouter(views: Record<string, Start>, ready: (view: HTMLElement) => void = () => undefined): void {
  starts = views;
  after = ready;
  history.scrollRestoration = "manual";
  document.documentElement.classList.add("routed");
  addEventListener("hashchange", (event) => {
    remember(event.oldURL);
    void show();
  });
  // All views are printed, those that were not looked at as far as they draw themselves in time.
  addEventListener("beforeprint", () => Object.keys(starts).forEach((view) => document.getElementById(view) && void begin(view)));
  void show();
}
