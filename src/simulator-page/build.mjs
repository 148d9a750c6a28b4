// Builds the simulator's page into dist/simulator-page. Fails if its script exceeds its budget.
import { copyFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildPage, requireBudget } from "../web-chat/build-page.mjs";
import { onlyTheLexer } from "../web-chat/only-the-lexer.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = here("../../dist/simulator-page");

/** KiB, gzip. */
const BUDGET = 28;

await buildPage({
  root: here("."),
  output,
  entry: { page: here("page.tsx") },
  style: "page",
  plugins: [onlyTheLexer],
});
copyFileSync(here("icon.svg"), `${output}/icon.svg`);
requireBudget("simulator: the page", [`${output}/page.js`], BUDGET);
