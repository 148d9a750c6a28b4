import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isBuilt } from "../support/built.ts";
import { runIn } from "../support/installed-package.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

let directory: string;
let packed: string[];

beforeAll(async () => {
  if (!isBuilt()) throw new Error("the package holds what is built: run `npm run build` first");
  directory = await mkdtemp(join(tmpdir(), "causeway-package-"));
  const flags = ["--ignore-scripts", "--json", "--dry-run"];
  const [tarball] = JSON.parse(runIn(root, "npm", ["pack", ...flags]));
  packed = tarball.files.map(({ path }: { path: string }) => path);
});
afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));

it("holds the files that run, and no others", async () => {
  const outside = packed.filter((path) => !/^(dist|prisma\/migrations)\//.test(path));
  expect(outside.sort()).toEqual([
    "LICENSE",
    "README.md",
    "docs/channels.config.schema.json",
    "package.json",
  ]);
  expect(packed.filter((path) => /\.map$|\.tsbuildinfo$|generate-docs|(?<!\.d)\.tsx?$/.test(path))).toEqual(
    [],
  );
  const migrations = (await readdir(join(root, "prisma", "migrations"))).filter((name) => /^\d/.test(name));
  for (const name of migrations) expect(packed).toContain(`prisma/migrations/${name}/migration.sql`);
  for (const path of [
    "dist/web-chat/loader.js",
    "dist/simulator-page/page.js",
    "dist/console/page.css",
    "dist/api-page/swagger-ui-bundle.js",
    "dist/api-page/LICENSE",
    "dist/client/index.d.ts",
  ])
    expect(packed).toContain(path);
  expect(packed.some((path) => /^dist\/web-chat\/panel-.*\.js$/.test(path))).toBe(true);
});

it("packs the client alone, without dependencies", async () => {
  const home = join(directory, "node_modules", "causeway-chat-client");
  await mkdir(home, { recursive: true });
  const tarball = runIn(directory, process.execPath, [join(root, ".ci/pack-client.mjs"), directory]).trim();
  runIn(directory, "tar", ["-xzf", tarball, "-C", home, "--strip-components=1"]);
  const client = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
  expect([client.name, client.dependencies]).toEqual(["causeway-chat-client", undefined]);
  const program = 'import { Causeway } from "causeway-chat-client"; console.log(typeof Causeway)';
  expect(runIn(directory, process.execPath, ["--input-type=module", "--eval", program])).toBe("function\n");
});
