// The pictures behind one number: where two models are most and least alike, beside the matrix.
import { h, say } from "../core/dom.js";
import { perImage } from "../core/pairs.js";
import { nameOf, overlay, saidOf } from "../core/small.js";
import { fixed } from "../core/words.js";
import { lookAddress, openLook } from "../look/open.js";
import { pairOf, type Agree } from "./data.js";
import { drawHistogram } from "./histogram.js";
import { listOf, termsOf } from "./words.js";

/** So many images from either end. */
const SHOWN = 3;

let drawer: HTMLElement | null = null;
let opened = "";
let back: Element | null = null;
let leave: () => void = () => undefined;

function onEscape(event: KeyboardEvent): void {
  if (event.key === "Escape") leave();
}

/** Show the pair; `close` is called when the person has seen enough. */
export async function openDrawer(method: number, agree: Agree, a: number, b: number, close: () => void): Promise<void> {
  const key = [method, a, b].join();
  if (opened === key && drawer) return;
  if (!drawer) {
    back = document.activeElement;
    drawer = h("div", { class: "drawer", role: "dialog", "aria-labelledby": "drawer-title", tabindex: -1 });
    document.addEventListener("keydown", onEscape);
    document.body.append(drawer);
    requestAnimationFrame(() => drawer?.classList.add("open"));
  }
  leave = close;
  opened = key;
  const [one, other] = [agree.models[a], agree.models[b]];
  const measure = agree.measures[0];
  const pair = pairOf(agree, measure, a, b);
  const address = lookAddress({ method, pair: [one, other] });
  const pictures = h("div", { class: "drawer-pictures" }, h("p", { class: "quiet" }, "Reading the images of this pair…"));
  drawer.replaceChildren(
    h(
      "div",
      { class: "drawer-head" },
      h("div", {}, h("h3", { id: "drawer-title" }, `${agree.sets[a]} – ${agree.sets[b]}`),
        h("p", { class: "quiet" }, `${agree.label}${pair.relation ? `, ${pair.relation[1]}` : ""}`)),
      h("button", { type: "button", class: "close", "aria-label": "Close", onclick: close }, "×"),
    ),
    listOf(termsOf(agree, measure, pair).filter(([term]) => term !== "relation")),
    pictures,
    h("p", { class: "to-look" }, h("a", { href: address.startsWith("#") ? address : `#${address}` }, "All images of this pair in Look")),
  ); // prettier-ignore
  drawer.scrollTop = 0;
  drawer.focus({ preventScroll: true });
  say(`Pictures of ${agree.sets[a]} and ${agree.sets[b]}`);
  const values = await perImage(method, one, other).catch(() => null);
  if (opened !== key || !drawer) return;
  pictures.replaceChildren(...(values ? content(values) : [h("p", { class: "note" }, "What these two share on single images is not in this report.")]));

  function content(all: (number | null)[]): HTMLElement[] {
    const known = all.flatMap((value, image) => (value === null ? [] : [{ value, image }]));
    if (!known.length) return [h("p", { class: "note" }, "There is no image of which both have a usable map.")];
    known.sort((x, y) => y.value - x.value || x.image - y.image);
    const most = known.slice(0, Math.min(SHOWN, Math.ceil(known.length / 2)));
    const least = known.slice(most.length).slice(-SHOWN).reverse();
    const width = Math.min(432, (drawer?.clientWidth ?? 432) - 40);
    const histogram = drawHistogram(known.map(({ value }) => value), { floor: pair.floor, mean: pair.mean, width, name: measure.label });
    const card = ({ value, image }: { value: number; image: number }): HTMLElement => {
      const side = (model: number): HTMLElement =>
        h("button", { type: "button", class: "side", title: "Open in Look", onclick: () => openLook({ method, pair: [one, other], open: [image, model] }) },
          overlay(method, image, model, Math.floor((width - 76) / 2)), saidOf(model, image)); // prettier-ignore
      const node = h(
        "article",
        { class: "duo", "data-image": image, "data-value": value.toFixed(4) },
        h("p", {}, h("strong", {}, fixed(value, 2)), h("span", { class: "name" }, nameOf(image))),
        side(one),
        side(other),
      );
      node.addEventListener("pointerenter", () => histogram.light(value));
      node.addEventListener("pointerleave", () => histogram.light(null));
      return node;
    };
    const heads = h("p", { class: "duo-head" }, h("span", {}), h("span", {}, agree.sets[a]), h("span", {}, agree.sets[b]));
    const uncounted = pair.n === null ? 0 : known.length - pair.n;
    return [
      h("figure", {}, histogram.svg),
      uncounted > 0 ? h("p", { class: "quiet" }, `${uncounted} of these ${known.length} images do not count in the mean: another model has no usable map of them.`) : h("span"),
      h("h4", {}, "Most alike"),
      heads,
      ...most.map(card),
      ...(least.length ? [h("h4", {}, "Least alike"), heads.cloneNode(true) as HTMLElement, ...least.map(card)] : []),
    ];
  }
}

/** Put it away and give the focus back. */
export function closeDrawer(): void {
  if (!drawer) return;
  document.removeEventListener("keydown", onEscape);
  drawer.remove();
  drawer = null;
  opened = "";
  if (back instanceof HTMLElement || back instanceof SVGElement) back.focus({ preventScroll: true });
  back = null;
}
