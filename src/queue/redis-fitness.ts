import { broken, type Finding } from "../core/finding.ts";

/** The oldest release that BullMQ is sure to work on. */
const LEAST_VERSION = [6, 2] as const;

/** The name and the version of a server, by its `INFO`. */
export function releaseOf(info: ReadonlyMap<string, string>): string {
  const valkey = info.get("valkey_version");
  return valkey === undefined
    ? `Redis ${info.get("redis_version") ?? "of an unknown release"}`
    : `Valkey ${valkey}`;
}

/** What keeps a server from holding a queue. @param name of the server, to begin a sentence with. */
export function keepsJobs(name: string, info: ReadonlyMap<string, string>): Finding[] {
  const findings: Finding[] = [];
  const version = info.get("valkey_version") ?? info.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]))
    findings.push(broken("", `${name} is too old for the queue.`, `use ${LEAST_VERSION.join(".")} or newer`));
  const policy = info.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction")
    findings.push(
      broken(
        "",
        `${name} throws keys away when memory is short (maxmemory-policy ${policy}), jobs among them.`,
        "set maxmemory-policy noeviction",
      ),
    );
  return findings;
}
