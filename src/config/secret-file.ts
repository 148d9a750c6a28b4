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
import { StartupError } from "../core/faults/errors.ts";

/** A secret that this installation generated, and its path. */
export interface SecretFile {
  value: string;
  path: string;
}

/**
 * Reads a secret from the data directory, and creates it at the first start. Only its owner can read it (mode
 * 0600). @param prefix shows people and secret scanners the type of the secret.
 */
export function readOrCreateSecret(dataDir: string, name: string, prefix = ""): SecretFile {
  const path = writeMissingSecret(dataDir, name, `${prefix}${randomBytes(32).toString("base64url")}\n`);
  chmodSync(path, 0o600);
  const value = readFileSync(path, "utf8").trim();
  if (value === "")
    throw new StartupError(
      `The secret in ${path} is empty: delete the file, and the next start creates a new one.`,
    );
  return { value, path };
}

/** Writes a secret into the data directory. One that is there already stays. Returns its path. */
export function writeMissingSecret(dataDir: string, name: string, text: string): string {
  // For root, other accounts may pass through the directory, since the account of the embedded Postgres needs that. No
  // other account can list or read it.
  mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const path = join(dataDir, name);
  if (!existsSync(path)) createWhole(path, text);
  return path;
}

/**
 * Writes a draft first, because a killed process must not leave an empty secret behind. A link fails if the name
 * exists. So if several processes start together, one creates the file and all read the same text.
 */
function createWhole(path: string, text: string): void {
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: "wx", flush: true });
    try {
      linkSync(draft, path);
    } catch (error) {
      // Some network file systems do not support hard links.
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) renameSync(draft, path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}
