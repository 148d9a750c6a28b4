import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** `npm test` has built the page; where a test is run by itself, it may be missing or old. */
export function buildPage(): void {
  const source = `${root}src/web-chat`;
  const built = `${root}dist/web-chat/loader.js`;
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  const newest = Math.max(...files.map((name) => statSync(`${source}/${name}`).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${source}/build.mjs`], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the chat page could not be built: ${stdout}${stderr}`);
}
