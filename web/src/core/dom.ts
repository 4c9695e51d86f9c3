// Elements made in one expression. Text is only ever set as text, never as HTML.

export type Child = Node | string | number | null | undefined | false;
type Props = Record<string, string | number | boolean | null | undefined | EventListener>;

function apply(element: Element, props: Props, children: Child[]): void {
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.replace(/^on/, ""), value);
    else if (key.startsWith("--")) (element as HTMLElement).style.setProperty(key, String(value));
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === "number" ? String(child) : child);
  }
}

/** An HTML element: attributes by name, listeners as `onclick`, custom properties as `--name`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  apply(made, props, children);
  return made;
}

/** An SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  apply(made, props, children);
  return made;
}

/** The element with an id that the page is known to have. */
export function by<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as T;
}

/** Tell a screen reader what changed. */
export function say(text: string): void {
  let live = document.getElementById("live");
  if (!live) {
    live = h("div", { id: "live", class: "hidden", role: "status", "aria-live": "polite" });
    document.body.append(live);
  }
  live.textContent = text;
}

/** Have an element hold just these children, in this order. Those that stay are not touched, so that a click or a focus in them is not lost. */
export function arrange(parent: Element, children: readonly (Element | null)[]): void {
  const wanted = children.filter((child) => child !== null);
  for (const child of [...parent.children]) if (!wanted.includes(child)) child.remove();
  for (const [at, child] of wanted.entries()) {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  }
}
