import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
  if (!existsSync(path)) {
    const value = `${prefix}${randomBytes(32).toString("base64url")}`;
    try {
      // `wx`: of processes that start together one writes, and all read what it wrote.
      writeFileSync(path, `${value}\n`, { mode: 0o600, flag: "wx" });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
  chmodSync(path, 0o600);
  return { value: readFileSync(path, "utf8").trim(), path };
}
