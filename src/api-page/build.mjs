// Puts the viewer of the API's description into dist/api-page: Swagger UI, as its makers built it, with its licences.
import { cp, mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = here("../../dist/api-page");

const FILES = [
  "swagger-ui-bundle.js",
  "swagger-ui-bundle.js.LICENSE.txt",
  "swagger-ui.css",
  "LICENSE",
  "NOTICE",
];

/** The folder of the package; null if it is not installed. Then `/docs` is a plain list. */
function viewer() {
  try {
    return fileURLToPath(
      new URL(".", `file://${createRequire(import.meta.url).resolve("swagger-ui-dist/package.json")}`),
    );
  } catch {
    return null;
  }
}

await rm(output, { recursive: true, force: true });
const from = viewer();
if (from === null) {
  process.stderr.write("/docs has no viewer, because swagger-ui-dist is not installed: run `npm ci`\n");
} else {
  await mkdir(output, { recursive: true });
  for (const file of FILES) await cp(`${from}${file}`, `${output}/${file}`);
  for (const file of ["start.js", "page.css"]) await cp(here(file), `${output}/${file}`);
}
