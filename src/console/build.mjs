// Builds the console's page into dist/console. Fails if what the first screen fetches exceeds its budget.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildPage, requireBudget } from "../web-chat/build-page.mjs";
import { onlyTheLexer } from "../web-chat/only-the-lexer.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = here("../../dist/console");

/** KiB, gzip: script and style together. */
const BUDGET = 90;

await buildPage({
  root: here("."),
  output,
  entry: { page: here("page.tsx") },
  style: "page",
  plugins: [onlyTheLexer],
});

// All files count: what a screen loads later is so little that the page may have it at once.
const files = new Set([...readdirSync(output), "page.js", "page.css"]);
requireBudget(
  "console: the page",
  [...files].map((name) => `${output}/${name}`),
  BUDGET,
);
