import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** `npm test` has built the page. If a test runs alone, the page may be missing or old. */
export function buildPage(): void {
  build("web-chat", "loader.js");
}

/** The same for the simulator's page. */
export function buildSimulatorPage(): void {
  build("simulator-page", "page.js");
}

/** The same for the console's page. */
export function buildConsolePage(): void {
  build("console", "page.js", ["web-chat"]);
}

/** The same for the page that shows the API. */
export function buildApiPage(): void {
  build("api-page", "start.js");
}

/** @param also folders of `src` that it takes parts of. */
function build(folder: string, file: string, also: readonly string[] = []): void {
  const source = `${root}src/${folder}`;
  const built = `${root}dist/${folder}/${file}`;
  const folders = [folder, ...also].map((name) => `${root}src/${name}`);
  const times = folders.flatMap((path) =>
    readdirSync(path, { recursive: true, encoding: "utf8" }).map(
      (name) => statSync(`${path}/${name}`).mtimeMs,
    ),
  );
  const newest = Math.max(...times);
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${source}/build.mjs`], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${folder} could not be built: ${stdout}${stderr}`);
}
