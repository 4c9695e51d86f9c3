// The report: one page of views. Every view draws itself when it is first looked at; a further one is a further line.
import "./core/parts.js";
import { loadData } from "./core/data.js";
import { by } from "./core/dom.js";
import { dressTables } from "./core/tables.js";
import { startAgree } from "./agree/view.js";
import { startLearning } from "./learning/view.js";
import { startLook } from "./look/view.js";
import { startAbout } from "./page/about.js";
import { startClasses } from "./page/classes.js";
import { startFiles, startHow } from "./page/how.js";
import { startOverview } from "./page/overview.js";
import { startRight } from "./page/right.js";
import { startRouter } from "./page/router.js";
import { startTheme } from "./page/theme.js";
import { startUnits } from "./units/view.js";

const VIEWS = {
  overview: startOverview,
  look: startLook,
  agree: startAgree,
  classes: startClasses,
  right: startRight,
  units: startUnits,
  learning: startLearning,
  how: startHow,
};

async function start(): Promise<void> {
  startTheme(by("theme"));
  startAbout(by("ask"));
  startFiles();
  await loadData();
  startRouter(VIEWS, dressTables);
}

void start();
