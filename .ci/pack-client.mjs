// Packs the TypeScript client alone, for programs that need nothing of the service. It has no dependencies. The tarball
// is written into the working directory, or into the directory that is given.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const destination = resolve(process.argv[2] ?? ".");
const { version, license, engines, type } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const NAME = "causeway-chat-client";
const manifest = {
  name: NAME,
  version,
  description:
    "Client for Causeway, the service that carries conversations between messaging channels and a bot.",
  license,
  type,
  engines,
  sideEffects: false,
  exports: { ".": { types: "./client/index.d.ts", default: "./client/index.js" } },
};

const work = mkdtempSync(join(tmpdir(), "causeway-client-"));
try {
  cpSync(`${root}dist/client`, join(work, "client"), {
    recursive: true,
    filter: (path) => !path.endsWith(".map"),
  });
  cpSync(`${root}LICENSE`, join(work, "LICENSE"));
  const page = readFileSync(`${root}docs/client.md`, "utf8").replaceAll("causeway-chat/client", NAME);
  writeFileSync(join(work, "README.md"), page);
  writeFileSync(join(work, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const flags = ["pack", "--silent", "--pack-destination", destination];
  process.stdout.write(execFileSync("npm", flags, { cwd: work, encoding: "utf8" }));
} finally {
  rmSync(work, { recursive: true });
}
