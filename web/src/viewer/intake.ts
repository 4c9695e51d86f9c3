// Photographs come in: dropped anywhere, pasted, picked, or taken from the samples.
import { h, say } from "../core/dom.js";
import { Gone, Refusal, photoAddress, sendPhoto, takeSample, type Photo } from "./api.js";
import { clearNotices, notice } from "./notices.js";
import { choices, choose, forgetPhoto, keep, photos, pictures, server, tell } from "./state.js";
import { counted, megabytes } from "./words.js";
import { update } from "./work.js";

/** Side in pixels of the photographs that the page shows. */
const SIDE = 640;

const input = h("input", { type: "file", accept: "image/*", multiple: true, class: "hidden", tabindex: "-1", "aria-label": "Photographs" });
let taking = 0;

/** How many photographs are being read now. */
export function underway(): number {
  return taking;
}

/** Ask for files. */
export function pick(): void {
  input.click();
}

/** Take files, one after the other; those that cannot be used are named, and the others go on. */
export async function take(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  performance.mark("crosslight:drop");
  clearNotices();
  taking += files.length;
  tell("layout");
  const before = photos.length;
  const came: Photo[] = [];
  for (const file of files) {
    try {
      const photo = await sent(file);
      came.push(photo);
      add(photo);
    } catch (error) {
      if (!(error instanceof Gone)) refused(file.name, error);
    } finally {
      taking--;
      tell("layout");
    }
  }
  settle(came, before);
}

async function sent(file: File): Promise<Photo> {
  const { bytes } = server.limits;
  if (file.size > bytes)
    throw new Refusal(413, `it has ${megabytes(file.size)}; a photograph may have ${megabytes(bytes)}`, "save a smaller copy");
  if (file.size === 0) throw new Refusal(415, "it is empty", "choose another file");
  const name = file.name || "pasted picture";
  return { ...(await sendPhoto(file, name)), name }; // the server may know the same bytes by another name
}

function refused(name: string, error: unknown): void {
  const whole = error instanceof Error ? error.message : String(error);
  const said = whole.startsWith(`${name}: `) ? whole.slice(name.length + 2) : whole;
  const hint = error instanceof Refusal && error.hint ? `${upper(error.hint)}.` : "";
  notice("bad", `${name} was not taken.`, `${upper(said)}. ${hint}`.replace("..", "."));
}

function upper(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Take a picture that came with Crosslight, or with the study. */
export async function takeThisSample(id: string): Promise<void> {
  performance.mark("crosslight:drop");
  taking++;
  tell("layout");
  const before = photos.length;
  try {
    const photo = await takeSample(id);
    add(photo);
    settle([photo], before);
  } catch (error) {
    if (!(error instanceof Gone)) refused("The sample", error);
  } finally {
    taking--;
    tell("layout");
  }
}

/** Show a photograph that the server has. */
export function add(photo: Photo): void {
  if (photos.some((known) => known.id === photo.id)) return;
  photos.push(photo);
  void loadPicture(photo.id);
}

async function loadPicture(id: string): Promise<void> {
  const picture = new Image();
  picture.src = photoAddress(id, SIDE);
  try {
    await picture.decode();
  } catch {
    return;
  }
  pictures.set(id, picture);
  tell("cells");
}

/** Bring back the photographs that a reloaded page had, as far as the server still has them. */
export async function bringBack(known: readonly Photo[]): Promise<void> {
  await Promise.all(
    known.map(async (photo) => {
      const answer = await fetch(photoAddress(photo.id, SIDE)).catch(() => null);
      if (answer?.ok && !photos.some((other) => other.id === photo.id)) photos.push(photo);
    }),
  );
  photos.sort((a, b) => known.findIndex((photo) => photo.id === a.id) - known.findIndex((photo) => photo.id === b.id));
  for (const photo of photos) void loadPicture(photo.id);
}

// One photograph is looked at by all methods; several, one below the other, by one.
function settle(came: Photo[], before: number): void {
  if (came.length === 0) return;
  const layout = before === 0 ? (came.length > 1 ? "method" : "photo") : choices.layout;
  choose({ layout, photo: came[0]!.id });
  say(`${counted(came.length, "photograph")} added.`);
  update(0);
}

/** Take a photograph off this page; other tabs may show it still, so the server keeps it. */
export function remove(id: string): void {
  const at = photos.findIndex((photo) => photo.id === id);
  if (at < 0) return;
  photos.splice(at, 1);
  forgetPhoto(id);
  if (choices.photo === id) choices.photo = photos[Math.min(at, photos.length - 1)]?.id ?? null;
  if (photos.length < 2) choices.layout = "photo";
  keep();
  tell("layout");
  update(0);
}

/** Hear drops and pastes anywhere on the page. */
export function startIntake(): void {
  const veil = h("div", { class: "veil", hidden: true }, h("p", {}, "Drop to see what the models look at"));
  document.body.append(input, veil);
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    void take(files);
  });
  let depth = 0;
  const brings = (event: DragEvent): boolean => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragenter", (event) => {
    if (!brings(event)) return;
    depth++;
    veil.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (brings(event) && --depth <= 0) veil.hidden = true;
  });
  addEventListener("dragover", (event) => {
    if (brings(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    depth = 0;
    veil.hidden = true;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void take(files);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) {
      event.preventDefault();
      void take(files);
    }
  });
}
