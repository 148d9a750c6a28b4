// Builds the chat into dist/web-chat. The loader keeps its name; other files get names with a hash of their content.
// Fails if a file that a page must fetch exceeds its budget.
import { copyFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildPage, requireBudget } from "./build-page.mjs";
import { onlyTheLexer } from "./only-the-lexer.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = process.argv[2] ?? here("../../dist/web-chat");

/** KiB, gzip. A page that first opens a chat fetches only the panel. Other languages are fetched one by one. */
const BUDGETS = { loader: 3, panel: 40 };

await buildPage({ root: here("."), output, entry: { loader: here("loader.ts") }, plugins: [onlyTheLexer] });
copyFileSync(here("embed/icon.svg"), `${output}/icon.svg`);

for (const [part, most] of Object.entries(BUDGETS)) {
  const files = readdirSync(output).filter((name) => new RegExp(`^${part}(-.*)?\\.js$`).test(name));
  requireBudget(
    `web chat: the ${part}`,
    files.map((name) => `${output}/${name}`),
    most,
  );
}
