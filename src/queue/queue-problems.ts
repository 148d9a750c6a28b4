import { errorFinding, type Finding } from "../core/faults/finding.ts";

/** The oldest version that BullMQ supports reliably. */
const LEAST_VERSION = [6, 2] as const;

/** Name and version of a server, from its `INFO`. */
export function releaseOf(info: ReadonlyMap<string, string>): string {
  const valkey = info.get("valkey_version");
  return valkey === undefined
    ? `Redis ${info.get("redis_version") ?? "of an unknown release"}`
    : `Valkey ${valkey}`;
}

/**
 * Problems that prevent a server from keeping a queue.
 * @param name the server's name; a sentence starts with it.
 */
export function queueProblems(name: string, info: ReadonlyMap<string, string>): Finding[] {
  const findings: Finding[] = [];
  const version = info.get("valkey_version") ?? info.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]))
    findings.push(
      errorFinding("", `${name} is too old for the queue.`, `use ${LEAST_VERSION.join(".")} or newer`),
    );
  const policy = info.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction")
    findings.push(
      errorFinding(
        "",
        `${name} deletes keys, including jobs, when memory is short (maxmemory-policy ${policy}).`,
        "set maxmemory-policy noeviction",
      ),
    );
  return findings;
}
