import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isBuilt } from "./built.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A place in which somebody makes the package, and installs it. Disposing removes it with all its contents. */
export interface PackagePlace extends AsyncDisposable {
  /** It stands for the clone, and gets the tarball. */
  clone: string;
  /** The directory beside it, in which the package is installed later. */
  home: string;
  /** A PATH on which `npm` and `npx` do only what follows, without a network. */
  path: string;
}

/*
 * A real installation takes half a minute of processor time. Links to the declared dependencies prove the same, because
 * the tarball decides which ones there are.
 */
const NPM = `
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
const ROOT = ${JSON.stringify(root)};
const [command, ...args] = process.argv.slice(2);
const run = (program, words) => execFileSync(program, words, { stdio: ["ignore", "inherit", "inherit"] });
const link = (from, to) => {
  mkdirSync(dirname(to), { recursive: true });
  rmSync(to, { force: true });
  symlinkSync(from, to);
};
if (command === "pack")
  execFileSync("npm", ["pack", "--ignore-scripts", ROOT], {
    env: { ...process.env, PATH: ${JSON.stringify(process.env["PATH"])} },
    stdio: ["ignore", "inherit", "ignore"],
  });
else if (command === "init") writeFileSync("package.json", '{ "name": "my-bot", "type": "module" }');
else if (command === "install") {
  const home = join("node_modules", "causeway-chat");
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  run("tar", ["-xzf", args.at(-1), "-C", home, "--strip-components=1"]);
  const { bin, dependencies } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) link(join(ROOT, "node_modules", name), join("node_modules", name));
  for (const [name, file] of Object.entries(bin)) {
    run("chmod", ["+x", join(home, file)]);
    link(join("..", "causeway-chat", file), join("node_modules", ".bin", name));
  }
} else if (command !== "ci") throw new Error("this npm cannot " + command);
`;

/** Prepares the place. The tarball holds what is built, so a build must have run. */
export async function openPackagePlace(): Promise<PackagePlace> {
  if (!isBuilt()) throw new Error("the package holds what is built: run `npm run build` first");
  const place = await mkdtemp(join(tmpdir(), "causeway-package-"));
  // As root, the embedded server runs under another account, which must be able to enter.
  await chmod(place, 0o711);
  const [bin, clone] = [join(place, "bin"), join(place, "causeway")];
  for (const directory of [bin, clone]) await mkdir(directory);
  await writeFile(join(bin, "npm.mjs"), NPM);
  const npm = `#!/bin/sh\nexec "${process.execPath}" "${join(bin, "npm.mjs")}" "$@"\n`;
  await writeFile(join(bin, "npm"), npm, { mode: 0o755 });
  const npx = '#!/bin/sh\nprogram=$1\nshift\nexec "./node_modules/.bin/$program" "$@"\n';
  await writeFile(join(bin, "npx"), npx, { mode: 0o755 });
  return {
    clone,
    home: join(place, "my-bot"),
    path: `${bin}:${process.env["PATH"]}`,
    [Symbol.asyncDispose]: () => rm(place, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Runs a program to its end. Returns its output, and throws if it fails. */
export const runIn = (directory: string, command: string, args: readonly string[]): string =>
  execFileSync(command, args, { cwd: directory, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
