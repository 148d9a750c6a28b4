import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Adds variables to the `.env` file of a directory. Only its owner can read a file that this creates. */
export function addToEnvFile(directory: string, variables: Readonly<Record<string, string>>): void {
  if (Object.keys(variables).length === 0) return;
  const path = join(directory, ".env");
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}\n`);
  // The last of several lines with one name counts, so an empty one before does no harm.
  writeFileSync(path, `${before}${gap}${lines.join("")}`, { mode: 0o600 });
}

function quoted(value: string): string {
  if (/^[\w:.@/+=-]*$/.test(value)) return value;
  const quote = ["'", '"', "`"].find((sign) => !value.includes(sign));
  return quote === undefined ? value : `${quote}${value}${quote}`;
}
