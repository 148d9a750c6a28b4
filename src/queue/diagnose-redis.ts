import { Redis } from "ioredis";
import { broken, doubtful, type Finding, well } from "../core/finding.ts";

/** The oldest release that BullMQ is sure to work on. */
const LEAST_VERSION = [6, 2] as const;

/** Looks at a given Redis or Valkey: whether it can be reached, keeps its keys, and takes writes. Changes nothing. */
export async function diagnoseRedis(url: string): Promise<Finding[]> {
  let reason = "no answer";
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: 5_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on("error", (error: Error) => {
    reason = error.message || error.name;
  });
  try {
    await redis.connect();
    return infoFindings(readInfo(await redis.info()));
  } catch (error) {
    if (error instanceof Error && !/closed/i.test(error.message)) reason = error.message;
    return [
      broken(
        "",
        `Redis cannot be used: ${reason}.`,
        "check host, port and password, and that the server runs",
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

/** `INFO` as names and values. */
function readInfo(text: string): ReadonlyMap<string, string> {
  const pairs = text.split("\r\n").flatMap((line) => {
    const [, name, value] = /^([a-z_0-9]+):(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return new Map(pairs);
}

function infoFindings(info: ReadonlyMap<string, string>): Finding[] {
  const valkey = info.get("valkey_version");
  const version = valkey ?? info.get("redis_version") ?? "of an unknown release";
  const findings = [well("", `${valkey === undefined ? "Redis" : "Valkey"} ${version} answers.`)];
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]))
    findings.push(broken("", "It is too old for the queue.", `use ${LEAST_VERSION.join(".")} or newer`));
  const policy = info.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction")
    findings.push(
      broken(
        "",
        `It throws keys away when memory is short (maxmemory-policy ${policy}), jobs among them.`,
        "set maxmemory-policy noeviction",
      ),
    );
  if (info.get("role") === "slave")
    findings.push(broken("", "It is a replica and takes no writes.", "name the primary"));
  if (info.get("cluster_enabled") === "1")
    findings.push(
      doubtful(
        "",
        "It is part of a Redis Cluster, which is not supported.",
        "name a server that stands alone",
      ),
    );
  return findings;
}
