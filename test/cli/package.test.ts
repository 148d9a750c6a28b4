import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isBuilt } from "../support/built.ts";
import { eventually } from "../support/eventually.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = (command: string, args: readonly string[], cwd: string) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

interface Manifest {
  bin: Record<string, string>;
  dependencies: Record<string, string>;
}

/** An empty directory in which only the package and its dependencies are installed. */
let directory: string;
let manifest: Manifest;
let packed: string[];

beforeAll(async () => {
  if (!isBuilt()) throw new Error("the package holds what is built: run `npm run build` first");
  directory = await mkdtemp(join(tmpdir(), "causeway-package-"));
  // As root, the embedded server runs under another account, which must be able to enter.
  await chmod(directory, 0o711);
  const flags = ["--ignore-scripts", "--json", "--pack-destination", directory];
  const [tarball] = JSON.parse(run("npm", ["pack", ...flags], root));
  packed = tarball.files.map(({ path }: { path: string }) => path);
  const home = join(directory, "node_modules", "causeway-chat");
  await mkdir(home, { recursive: true });
  run("tar", ["-xzf", join(directory, tarball.filename), "-C", home, "--strip-components=1"], directory);
  manifest = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
  // A real installation needs a network and half a minute. Links to the declared dependencies prove the same.
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(directory, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, "node_modules", name), link);
  }
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

const PROGRAM = `
import { type Answer, Causeway } from "causeway-chat/client";
declare const process: { argv: string[]; stdout: { write(text: string): void } };
const [baseUrl = "", apiKey = ""] = process.argv.slice(2);
const client = new Causeway({ baseUrl, apiKey });
const session = await client.chat.createSession({ agentId: "echo" });
const reply: Answer = await client.chat.sendMessage(session.id, { content: "Hello!" });
process.stdout.write(reply.content);
`;

it("starts in an empty directory, writes a configuration, and serves its own client", async () => {
  const program = join(directory, "node_modules", "causeway-chat", manifest.bin.causeway ?? "");
  const { PATH } = process.env;
  const service = spawn(process.execPath, [program], {
    cwd: directory,
    env: { PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(service, "close");
  let output = "";
  for (const stream of [service.stdout, service.stderr]) stream.on("data", (chunk) => (output += chunk));
  try {
    const url = await eventually(
      () => {
        const found = /^Causeway listens on (\S+)$/m.exec(output)?.[1];
        if (found === undefined && service.exitCode === null)
          throw new Error(`not listening yet:\n${output}`);
        return found;
      },
      { timeoutMs: 60_000 },
    );
    expect(url, output).toBeDefined();
    expect(output).toContain("Wrote channels.config.json");
    const config = JSON.parse(await readFile(join(directory, "channels.config.json"), "utf8"));
    expect(config.$schema).toBe("./node_modules/causeway-chat/docs/channels.config.schema.json");
    const page = await fetch(`${url}/chat/web`);
    expect([page.status, (await fetch(`${url}/widget/v1/loader.js`)).status]).toEqual([200, 200]);

    const key = (await readFile(join(directory, ".causeway", "api-key"), "utf8")).trim();
    await writeFile(join(directory, "hello.mts"), PROGRAM);
    await writeFile(join(directory, "package.json"), '{ "type": "module" }');
    await symlink(join(root, "node_modules", "@types"), join(directory, "node_modules", "@types"));
    const flags = "--ignoreConfig --strict --module nodenext --target es2023 --lib es2023,dom";
    run(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), ...flags.split(" "), "hello.mts"],
      directory,
    );
    expect(run(process.execPath, ["hello.mjs", url ?? "", key], directory)).toBe("You said: Hello!");
  } finally {
    service.kill("SIGTERM");
  }
  expect(await ended).toEqual([0, null]);
});

it("packs the client alone, without dependencies", async () => {
  const home = join(directory, "node_modules", "causeway-chat-client");
  await mkdir(home, { recursive: true });
  const tarball = run(process.execPath, [join(root, ".ci/pack-client.mjs"), directory], directory).trim();
  run("tar", ["-xzf", join(directory, tarball), "-C", home, "--strip-components=1"], directory);
  const client = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
  expect([client.name, client.dependencies]).toEqual(["causeway-chat-client", undefined]);
  const program = 'import { Causeway } from "causeway-chat-client"; console.log(typeof Causeway)';
  expect(run(process.execPath, ["--input-type=module", "--eval", program], directory)).toBe("function\n");
});
