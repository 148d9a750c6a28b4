// Builds the chat into dist/web-chat. The loader keeps its name; other files get names with a hash of their content.
// Fails if a file that a page must fetch exceeds its budget.
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { onlyTheLexer } from "./only-the-lexer.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = process.argv[2] ?? here("../../dist/web-chat");

/** KiB, gzip. A page that first opens a chat fetches only the panel. Other languages are fetched one by one. */
const BUDGETS = { loader: 3, panel: 40 };

// Tests set another target, with which Vite builds a larger chat than the shipped one.
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
    // Built as a library: the bundler wraps an application's imports in code that preloads styles, and there are none.
    lib: { entry: { loader: here("loader.ts") }, formats: ["es"] },
    rolldownOptions: {
      output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js", minify: true },
    },
  },
});
copyFileSync(here("embed/icon.svg"), `${output}/icon.svg`);

for (const [part, most] of Object.entries(BUDGETS)) {
  const files = readdirSync(output).filter((name) => new RegExp(`^${part}(-.*)?\\.js$`).test(name));
  const bytes = files.reduce(
    (sum, name) => sum + gzipSync(readFileSync(`${output}/${name}`), { level: 9 }).length,
    0,
  );
  if (files.length > 0 && bytes <= most * 1024) continue;
  process.stderr.write(
    `web chat: the ${part} is ${(bytes / 1024).toFixed(1)} KiB gzip, of at most ${most}\n`,
  );
  process.exitCode = 1;
}
