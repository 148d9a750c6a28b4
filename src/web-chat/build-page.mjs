// Builds every page of the service, for the same browsers and with the same JSX. Sizes are measured with gzip.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "vite";

/**
 * Builds a page as a library: the bundler wraps an application's imports in code that preloads styles.
 * @param entry the name of the script, with the path of its source: `{ page: "/…/page.tsx" }`.
 * @param style the name of the stylesheet, if the script imports one.
 */
export async function buildPage({ root, output, entry, style, plugins = [] }) {
  // Tests set another target, with which Vite builds a larger page than the shipped one.
  process.env.NODE_ENV = "production";
  await build({
    configFile: false,
    root,
    logLevel: "warn",
    plugins,
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: output,
      emptyOutDir: true,
      target: ["chrome123", "firefox121", "safari17.5"],
      reportCompressedSize: false,
      lib: { entry, formats: ["es"], ...(style === undefined ? {} : { cssFileName: style }) },
      rolldownOptions: {
        output: {
          entryFileNames: "[name].js",
          chunkFileNames: "[name]-[hash].js",
          minify: true,
          // These comments are for a second bundler, and there is none.
          comments: { annotation: false },
        },
      },
    },
  });
}

/** Fails the build if a part of a page is missing, or larger than its budget in KiB. */
export function requireBudget(part, paths, most) {
  const bytes = paths.map((path) => gzipSync(readFileSync(path), { level: 9 }).length);
  const size = bytes.reduce((sum, each) => sum + each, 0) / 1024;
  if (paths.length > 0 && size <= most) return;
  process.stderr.write(`${part} is ${size.toFixed(1)} KiB gzip, of at most ${most}\n`);
  process.exitCode = 1;
}
