// Bundles the service into dist/main.js, dist/cli.js and the chunks that both load: Node takes longer to load a thousand
// files than to start everything else. Packages stay in node_modules.
//   node src/build.mjs [--packages] [directory] [name=program.ts ...]
// The directory must be somewhere below the root of the package. Tests add programs of their own. They also bundle the
// packages that every start loads: loading these takes a third of a start, and tests start many processes.
import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { positionals, values } = parseArgs({
  options: { packages: { type: "boolean", default: false } },
  allowPositionals: true,
});
const [output = here("../dist"), ...programs] = positionals;

const LOADED_BY_EVERY_START = [
  ..."aws4fetch bullmq croner eventsource-parser express grammy ioredis".split(" "),
  ..."pino prom-client rrule-temporal undici ws zod".split(" "),
];
/** All others. Some find their files by their own path, and Prisma expects the same `pg` as the service. */
const { dependencies } = JSON.parse(readFileSync(here("../package.json"), "utf8"));
const external = Object.keys(dependencies).filter((name) => !LOADED_BY_EVERY_START.includes(name));

const chunks = join(resolve(output), "chunks");
rmSync(chunks, { recursive: true, force: true });
await build({
  configFile: false,
  root: here("."),
  logLevel: "warn",
  ...(values.packages ? { ssr: { noExternal: true, external } } : {}),
  build: {
    ssr: true,
    target: "node20",
    outDir: resolve(output),
    emptyOutDir: false,
    sourcemap: true,
    rolldownOptions: {
      input: { main: here("main.ts"), cli: here("cli.ts"), ...Object.fromEntries(programs.map(named)) },
      output: { entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
    },
  },
});

function named(program) {
  const [name, path] = program.split("=");
  return [name, resolve(path)];
}
