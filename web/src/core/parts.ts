// Data that is loaded when it is looked at. In a folder, a part is a script that calls `crosslight.part(name, value)`,
// since pages opened from a disk may not fetch; in the single file, it is deflated JSON in an element of the page.
import { bytesOf, inflated } from "./bytes.js";

const known = new Map<string, unknown>();
const waiting = new Map<string, Promise<unknown>>();

declare global {
  interface Window {
    crosslight: { part(name: string, value: unknown): void };
  }
}

window.crosslight = { part: (name, value) => void known.set(name, value) };

/** Where the files of the page lie, relative to it. */
function assets(): string {
  return document.body.dataset["assets"] ?? "";
}

/** Whether the page carries everything in itself. */
export function isSingle(): boolean {
  return document.body.dataset["single"] !== undefined;
}

/** The value of a part; rejects with an Error that names the part where it is missing or damaged. */
export function part<T>(name: string): Promise<T> {
  if (known.has(name)) return Promise.resolve(known.get(name) as T);
  const begun = waiting.get(name);
  if (begun) return begun as Promise<T>;
  const promise = (isSingle() ? embedded(name) : script(name)).finally(() => waiting.delete(name));
  waiting.set(name, promise);
  return promise as Promise<T>;
}

/** Let go of a part that can be loaded again; of the single file, what is unpacked is all that there is. */
export function forget(name: string): void {
  if (!isSingle()) known.delete(name);
}

async function embedded(name: string): Promise<unknown> {
  const element = document.getElementById(`part:${name}`);
  if (!element) throw new Error(`${name} is not in this file`);
  const text = new TextDecoder().decode(await inflated(bytesOf(element.textContent ?? "")));
  const value: unknown = JSON.parse(text);
  known.set(name, value);
  element.remove(); // its text would be held twice
  return value;
}

let asked = 0;

/** The value of a part as it is now in a file beside the page, which may change while the page is open. */
export async function fresh<T>(name: string, address: string): Promise<T> {
  known.delete(name);
  const value = await script(name, `${address}?n=${++asked}`);
  known.delete(name);
  return value as T;
}

function script(name: string, address = `${assets()}/${name}.js`): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = address;
    element.async = true;
    element.onload = () => {
      element.remove();
      if (known.has(name)) resolve(known.get(name));
      else reject(new Error(`${name}.js is damaged`));
    };
    element.onerror = () => reject(new Error(`${name}.js is missing`));
    document.head.append(element);
  });
}

/** Address of a file beside the page (the study file); in the single file, of its copy within it. */
export async function asset(name: string): Promise<string> {
  if (!isSingle()) return `${assets()}/${name}`;
  const file = await part<{ type: string; bytes: string }>(`file:${name}`);
  return URL.createObjectURL(new Blob([bytesOf(file.bytes)], { type: file.type }));
}
