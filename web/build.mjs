// Bundles the report's and the viewer's front end into the Python package. The bundles are committed, so Node is
// needed only to change them: `npm ci && npm run check && npm run build`. `--out DIR` builds elsewhere, to compare.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const at = process.argv.indexOf("--out");
const out = at < 0 ? fileURLToPath(new URL("../src/crosslight", import.meta.url)) : process.argv[at + 1];
const to = (room, name) => join(out, room, "static", name);

const common = {
  bundle: true,
  minify: true,
  format: "iife", // pages opened from a disk load no modules
  target: ["es2022"],
  charset: "ascii",
  legalComments: "inline",
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  logLevel: "warning",
};
// What is bundled keeps its notices: every licence once, with the packages that it is of.
function notices() {
  const packages = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
  const bundled = new Set();
  const visit = (name) => {
    if (bundled.has(name)) return;
    bundled.add(name);
    const own = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8"));
    Object.keys(own.dependencies ?? {}).forEach(visit);
  };
  Object.keys(packages.dependencies).forEach(visit);
  const texts = new Map();
  for (const name of [...bundled].sort()) {
    const folder = new URL(`node_modules/${name}/`, import.meta.url);
    const file = existsSync(folder) && readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence file`);
    const text = readFileSync(new URL(file, folder), "utf8").trim();
    texts.set(text, [...(texts.get(text) ?? []), name]);
  }
  return [...texts].map(([text, names]) => `/*!\n${names.join(", ")}\n\n${text}\n*/`).join("\n");
}

const jobs = ["report", "viewer"].flatMap((name) => [
  { ...common, entryPoints: [`src/${name}.ts`], outfile: to(name, `${name}.js`), footer: { js: notices() } },
  { ...common, entryPoints: [`src/styles/${name}.css`], outfile: to(name, `${name}.css`) },
]);

if (process.argv.includes("--watch")) {
  for (const job of jobs) await (await context(job)).watch();
} else {
  await Promise.all(jobs.map((job) => build(job)));
}
