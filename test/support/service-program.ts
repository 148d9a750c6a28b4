import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Programs and modules that only tests load in a separate process. The others are those of an installation. */
const ONLY_TESTS = {
  hurried: "test/support/hurried-service.ts",
  "embedded-postgres": "src/storage/embedded/embedded-postgres.ts",
  tracing: "src/observability/tracing.ts",
};

let bundled: string | null = null;

/**
 * Returns the absolute path of a program of the service, bundled from the current source as an installation is. Unlike
 * there, the bundle includes the packages that every start loads.
 */
export function serviceProgram(name: "main" | "cli" | keyof typeof ONLY_TESTS): string {
  bundled ??= bundle();
  return join(bundled, `${name}.js`);
}

/** Bundles once for each process of the test run. That takes a second. */
function bundle(): string {
  const parent = join(root, "node_modules", ".causeway-test");
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, "service-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const programs = Object.entries(ONLY_TESTS).map(([name, path]) => `${name}=${join(root, path)}`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "src", "build.mjs"), "--packages", directory, ...programs],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the service could not be bundled: ${stdout}${stderr}`);
  return directory;
}
