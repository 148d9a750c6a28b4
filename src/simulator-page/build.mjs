// Builds the simulator's page into dist/simulator-page. Fails if its script exceeds its budget.
import { copyFileSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = here("../../dist/simulator-page");

/** KiB, gzip. */
const BUDGET = 20;

// Tests set another target, with which Vite builds a larger page than the shipped one.
process.env.NODE_ENV = "production";
await build({
  configFile: false,
  root: here("."),
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: output,
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    reportCompressedSize: false,
    lib: { entry: { page: here("page.tsx") }, formats: ["es"] },
    rolldownOptions: { output: { entryFileNames: "[name].js", minify: true } },
  },
});
copyFileSync(here("page.css"), `${output}/page.css`);

const size = gzipSync(readFileSync(`${output}/page.js`), { level: 9 }).length / 1024;
if (size > BUDGET) {
  process.stderr.write(`simulator: the page is ${size.toFixed(1)} KiB gzip, of at most ${BUDGET}\n`);
  process.exitCode = 1;
}
