import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { StartupError } from "../core/errors.ts";

/** A secret this installation made for itself, and where it is kept. */
export interface SecretFile {
  value: string;
  path: string;
}

/**
 * Reads a secret from the data directory, making it at the first start. Readable by its owner only (mode 0600).
 * @param prefix tells people and secret scanners what kind of secret it is.
 */
export function readOrCreateSecret(dataDir: string, name: string, prefix = ""): SecretFile {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, name);
  if (!existsSync(path)) createWhole(path, `${prefix}${randomBytes(32).toString("base64url")}\n`);
  chmodSync(path, 0o600);
  const value = readFileSync(path, "utf8").trim();
  if (value === "")
    throw new StartupError(`The secret in ${path} is gone: delete the file to have a new one made.`);
  return { value, path };
}

/**
 * Written elsewhere first: a process that is killed meanwhile must not leave an empty secret behind. Linking fails where
 * the name exists, so of processes that start together one makes the file and all read what it wrote.
 */
function createWhole(path: string, text: string): void {
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: "wx", flush: true });
    try {
      linkSync(draft, path);
    } catch (error) {
      // Some network file systems know no links.
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) renameSync(draft, path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}
