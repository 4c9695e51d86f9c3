// Agreement of models under one method.
import { by } from "../core/dom.js";
import { has } from "../core/data.js";
import { part } from "../core/parts.js";

interface Panel {
  html: string;
}

export async function startAgree(): Promise<void> {
  const root = by("agree-root");
  if (!has("agree-0")) return;
  root.innerHTML = (await part<Panel>("agree-0")).html; // made by our own templates, which escape every value
}
