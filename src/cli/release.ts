import { readFileSync } from "node:fs";
import { packageFile } from "../core/process/package-file.ts";

/** The version of this package. */
export function release(): string {
  const { version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
