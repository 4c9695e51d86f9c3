// The photographs, in a row. Each has one element as long as it is there: while others are read a click on it must not be lost.
import { arrange, h } from "../core/dom.js";
import { photoAddress, type Photo } from "./api.js";
import { pick, remove, underway } from "./intake.js";
import { choices, choose, currentPhoto, photos } from "./state.js";
import { counted } from "./words.js";
import { update } from "./work.js";

interface Still {
  element: HTMLElement;
  show: HTMLElement;
}

const stills = new Map<string, Still>();
const taking = h("span", { class: "taking", role: "status" });
const add = h("button", { id: "add", type: "button", class: "add", onclick: pick, title: "Add photographs (D)" }, "+", h("span", {}, "Add photographs"));
const film = h("div", { class: "film", role: "group", "aria-label": "Photographs" });

/** The film as it is now. */
export function filmElement(): HTMLElement {
  const there = new Set(photos.map((photo) => photo.id));
  for (const id of stills.keys()) if (!there.has(id)) stills.delete(id);
  const current = currentPhoto()?.id;
  const elements = photos.map((photo) => {
    const still = stills.get(photo.id) ?? stillOf(photo);
    stills.set(photo.id, still);
    still.show.setAttribute("aria-pressed", String(choices.layout === "photo" && photo.id === current));
    return still.element;
  });
  taking.textContent = underway() > 0 ? `Reading ${counted(underway(), "file")}` : "";
  arrange(film, [...elements, taking, add]);
  return film;
}

function stillOf({ id, name }: Photo): Still {
  const show = h("button", { id: `photo-${id}`, type: "button", title: name, "aria-label": name }, h("img", { src: photoAddress(id, 128), alt: "", width: 56, height: 56 }));
  show.addEventListener("click", () => {
    choose({ layout: "photo", photo: id });
    update(0);
  });
  const away = h("button", { type: "button", class: "away", "aria-label": `Remove ${name}`, title: "Remove" }, "×");
  away.addEventListener("click", () => {
    const at = photos.findIndex((photo) => photo.id === id);
    remove(id);
    const next = photos[Math.min(at, photos.length - 1)];
    document.getElementById(next ? `photo-${next.id}` : "add")?.focus();
  });
  return { element: h("div", { class: "still" }, show, away), show };
}
