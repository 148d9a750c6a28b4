import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { broken, doubtful, type Finding, well } from "../core/finding.ts";

const LITTLE_SPACE = 1024 ** 3;
/** Mode bits that let others than the owner read. */
const READABLE_BY_OTHERS = 0o044;

/** Looks at a directory for data: whether it can be written, what it holds is private, and there is room. */
export function diagnoseDataDir(dataDir: string): Finding[] {
  const existing = nearestExisting(dataDir);
  if (!mayWrite(existing))
    return [
      broken(
        "",
        `${existing} cannot be written.`,
        "give it to the account that runs the service, or name another",
      ),
    ];
  const findings = [
    existing === dataDir
      ? well("", `${dataDir} can be written.`)
      : well("", `${dataDir} is made at the first start.`),
  ];
  const key = join(dataDir, "api-key");
  if (existsSync(key) && (statSync(key).mode & READABLE_BY_OTHERS) !== 0)
    findings.push(broken("", `Others can read ${key}.`, `chmod 600 ${key}, and replace the key`));
  const { bavail, bsize } = statfsSync(existing);
  const free = bavail * bsize;
  if (free < LITTLE_SPACE)
    findings.push(doubtful("", `Only ${Math.round(free / 1024 ** 2)} MB are free there.`, "make room"));
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
