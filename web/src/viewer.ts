// The local viewer: photographs dropped into the page are explained by the server of this machine, and shown as they come.
import { h } from "./core/dom.js";
import { Refusal, isThere, onGone, readServer } from "./viewer/api.js";
import { bringBack, pick, startIntake } from "./viewer/intake.js";
import { openKeys, startKeys } from "./viewer/keys.js";
import { openMethods } from "./viewer/methods.js";
import { openModels } from "./viewer/models.js";
import { focusTarget, startPage } from "./viewer/page.js";
import { openSaving } from "./viewer/saving.js";
import { isSheetOpen } from "./viewer/sheet.js";
import { begin, keep, photos, tell } from "./viewer/state.js";
import { cancel, isBusy, restart, update } from "./viewer/work.js";

const root = document.getElementById("app") ?? document.body;
let banner: HTMLElement | null = null;

// While the server is away a banner says so, and it is asked every second whether it is back.
function gone(): void {
  if (banner) return;
  const words = h("p", {}, h("strong", {}, "The viewer's server does not answer. "), "Asking again every second.");
  banner = h("div", { class: "gone", role: "alert" }, words);
  document.body.prepend(banner);
  const since = Date.now();
  const timer = setInterval(() => {
    void isThere().then((there) => {
      if (there) {
        clearInterval(timer);
        banner?.remove();
        banner = null;
        restart();
      } else {
        const seconds = Math.round((Date.now() - since) / 1000);
        words.lastChild!.textContent = `Asking again every second, for ${seconds} s now. If it was stopped, start it with crosslight view and open the address it prints.`;
      }
    });
  }, 1000);
}

function locked(error: unknown): void {
  const refused = error instanceof Refusal && error.status === 403;
  root.replaceChildren(
    h("main", { class: "locked" },
      h("h1", {}, refused ? "This page needs its token" : "The viewer's server does not answer"),
      h("p", {}, refused ? "Open the whole address that the terminal printed, with ?token=… at its end. If it is gone, start the viewer again:"
        : "Start it, and open the address that it prints:"),
      h("pre", {}, "crosslight view")),
  ); // prettier-ignore
}

async function start(): Promise<void> {
  let server;
  try {
    server = await readServer();
  } catch (error) {
    return locked(error);
  }
  onGone(gone);
  await bringBack(begin(server));
  keep();
  startPage(root);
  startIntake();
  const withPhotos = (action: () => void) => (): void => {
    if (photos.length > 0) action();
  };
  startKeys(
    {
      d: pick, m: openModels, x: openMethods, t: withPhotos(focusTarget), s: withPhotos(openSaving), "?": openKeys,
      Escape: () => isBusy() && cancel(),
    },
    isSheetOpen,
  ); // prettier-ignore
  update(0);
  tell("layout");
}

void start();
