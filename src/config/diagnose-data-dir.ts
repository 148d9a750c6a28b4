import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorFinding, type Finding, okFinding, warningFinding } from "../core/faults/finding.ts";

const LITTLE_SPACE = 1024 ** 3;
/** Mode bits that let accounts other than the owner read. */
const READABLE_BY_OTHERS = 0o044;

/** Checks a data directory: it is writable, its content is private, and it has free space. */
export function diagnoseDataDir(dataDir: string): Finding[] {
  const existing = nearestExisting(dataDir);
  if (!mayWrite(existing))
    return [
      errorFinding(
        "",
        `The service cannot write to ${existing}.`,
        "give it to the account that runs the service, or name another",
      ),
    ];
  const findings = [
    existing === dataDir
      ? okFinding("", `The service can write to ${dataDir}.`)
      : okFinding("", `${dataDir} is created at the first start.`),
  ];
  const key = join(dataDir, "api-key");
  if (existsSync(key) && (statSync(key).mode & READABLE_BY_OTHERS) !== 0)
    findings.push(errorFinding("", `Others can read ${key}.`, `chmod 600 ${key}, and replace the key`));
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  if (free < LITTLE_SPACE)
    findings.push(
      warningFinding("", `Only ${Math.round(free / 1024 ** 2)} MB are free there.`, "free disk space"),
    );
  return findings;
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

function mayWrite(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return statSync(directory).isDirectory();
  } catch {
    return false;
  }
}
