import type { Finding } from "../../core/faults/finding.ts";
import { counted } from "../../core/text/counted.ts";

/** A finding with its place: `channels.config.json: channels.telegram.token`, `environment: REDIS_URL`. */
export interface PlacedFinding extends Omit<Finding, "key"> {
  where: string;
}

const WORDS = { ok: "ok  ", warning: "warn", error: "FAIL" };

/** Prints findings for a person: the place, the problem and the fix. */
export function printFindings(findings: readonly PlacedFinding[], print: (line: string) => void): void {
  let place = "";
  for (const { where, severity, what, fix } of findings) {
    if (where !== place) print(where);
    place = where;
    print(`  ${WORDS[severity]}  ${what}`);
    if (fix !== null) print(`        -> ${fix}`);
  }
  const count = (wanted: Finding["severity"]) =>
    findings.filter(({ severity }) => severity === wanted).length;
  print(
    `\n${counted(findings.length, "check")}, ${count("error")} failed, ${counted(count("warning"), "warning")}.`,
  );
}

/** Formats findings for a program: always one object. */
export function findingsJson(findings: readonly PlacedFinding[]): string {
  return JSON.stringify({ ok: isHealthy(findings), findings }, null, 2);
}

/** True if nothing is broken. Warnings do not count. */
export function isHealthy(findings: readonly PlacedFinding[]): boolean {
  return findings.every(({ severity }) => severity !== "error");
}
