// Bundles the report's and the viewer's front end into the Python package. The bundles are committed, so Node is
// needed only to change them: `npm ci && npm run check && npm run build`.
import { build, context } from "esbuild";

const to = (room, name) => new URL(`../src/crosslight/${room}/static/${name}`, import.meta.url).pathname;

const common = {
  bundle: true,
  minify: true,
  format: "iife", // pages opened from a disk load no modules
  target: ["es2022"],
  charset: "ascii",
  legalComments: "inline",
  absWorkingDir: new URL(".", import.meta.url).pathname,
  logLevel: "warning",
};
const jobs = ["report", "viewer"].flatMap((name) => [
  { ...common, entryPoints: [`src/${name}.ts`], outfile: to(name, `${name}.js`) },
  { ...common, entryPoints: [`src/styles/${name}.css`], outfile: to(name, `${name}.css`) },
]);

if (process.argv.includes("--watch")) {
  for (const job of jobs) await (await context(job)).watch();
} else {
  await Promise.all(jobs.map((job) => build(job)));
}
