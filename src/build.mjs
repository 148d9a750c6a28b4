// Bundles the service into dist/main.js, dist/cli.js and the chunks that both load: Node takes longer to load a thousand
// files than to start everything else. Packages stay in node_modules.
//   node src/build.mjs [directory] [name=program.ts ...]
// The directory must be somewhere below the root of the package. Tests add programs of their own.
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [output = here("../dist"), ...programs] = process.argv.slice(2);

const chunks = join(resolve(output), "chunks");
rmSync(chunks, { recursive: true, force: true });
await build({
  configFile: false,
  root: here("."),
  logLevel: "warn",
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
