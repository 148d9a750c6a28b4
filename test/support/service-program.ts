import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The directory for the bundled programs of this run. */
    serviceBundles: string;
  }
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Programs and modules that only tests load in a separate process. The others are those of an installation. */
const ONLY_TESTS = {
  hurried: "test/support/hurried-service.ts",
  "embedded-postgres": "src/storage/embedded/embedded-postgres.ts",
  tracing: "src/observability/tracing.ts",
};

/** A test waits at most this long for a bundle that another process of the run makes. */
const BUNDLE_MS = 300_000;
const LOOK_MS = 50;

/** Vitest's global setup: one directory for the whole run. The first test that starts a process bundles the service. */
export default function setup(project: TestProject): () => void {
  const parent = join(root, "node_modules", ".causeway-test");
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, "service-"));
  project.provide("serviceBundles", directory);
  return () => rmSync(directory, { recursive: true, force: true });
}

/**
 * Returns the absolute path of a program of the service, bundled from the current source as an installation is. Unlike
 * there, the bundle includes the packages that every start loads.
 */
export function serviceProgram(name: "main" | "cli" | keyof typeof ONLY_TESTS): string {
  return join(bundle(inject("serviceBundles")), `${name}.js`);
}

/** Bundles once for the whole run, because it takes three seconds of processor time. */
function bundle(directory: string): string {
  const bundled = join(directory, "bundled");
  const [complete, failed] = [join(directory, "complete"), join(directory, "failed")];
  const deadline = Date.now() + BUNDLE_MS;
  while (!existsSync(complete)) {
    if (existsSync(failed)) throw new Error("the service could not be bundled: another test has the reason");
    if (isFirst(join(directory, "begun"))) makeBundle(bundled, complete, failed);
    else if (Date.now() > deadline) throw new Error("the service was not bundled in time");
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
  }
  return bundled;
}

/** True for one process only. */
function isFirst(mark: string): boolean {
  try {
    mkdirSync(mark);
    return true;
  } catch {
    return false;
  }
}

function makeBundle(directory: string, complete: string, failed: string): void {
  const programs = Object.entries(ONLY_TESTS).map(([name, path]) => `${name}=${join(root, path)}`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "src", "build.mjs"), "--packages", directory, ...programs],
    { encoding: "utf8" },
  );
  writeFileSync(status === 0 ? complete : failed, "");
  if (status !== 0) throw new Error(`the service could not be bundled: ${stdout}${stderr}`);
}
