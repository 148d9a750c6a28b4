// Builds the console's page into dist/console. Fails if what the first screen fetches exceeds its budget.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { onlyTheLexer } from "../web-chat/only-the-lexer.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = here("../../dist/console");

/** KiB, gzip: script and style together. */
const BUDGET = 90;

// Tests set another target, with which Vite builds a larger page than the shipped one.
process.env.NODE_ENV = "production";
await build({
  configFile: false,
  root: here("."),
  logLevel: "warn",
  plugins: [onlyTheLexer],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: output,
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    reportCompressedSize: false,
    lib: { entry: { page: here("page.tsx") }, formats: ["es"], cssFileName: "page" },
    rolldownOptions: {
      output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js", minify: true },
    },
  },
});

// All files count: what a screen loads later is so little that the page may have it at once.
const files = readdirSync(output);
const bytes = files.map((name) => gzipSync(readFileSync(`${output}/${name}`), { level: 9 }).length);
const size = bytes.reduce((sum, each) => sum + each, 0) / 1024;
if (!files.includes("page.js") || !files.includes("page.css") || size > BUDGET) {
  process.stderr.write(`console: the page is ${size.toFixed(1)} KiB gzip, of at most ${BUDGET}\n`);
  process.exitCode = 1;
}
