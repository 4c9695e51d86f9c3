// The report: one page of views. Every view draws itself when it is first looked at.
import "./core/parts.js";
import { startAgree } from "./agree/view.js";
import { loadData } from "./core/data.js";
import { startLook } from "./look/view.js";
import { startRouter } from "./page/router.js";

async function start(): Promise<void> {
  await loadData();
  startRouter({ look: startLook, agree: startAgree });
}

void start();
