import { errorFinding, type Finding, okFinding, warningFinding } from "../core/faults/finding.ts";
import { diagnoseRedisCluster } from "./diagnose-redis-cluster.ts";
import { isInCluster, nodesOf } from "./find-redis.ts";
import { queueProblems, releaseOf } from "./queue-problems.ts";
import { type RedisNode, readInfo, withRedis } from "./with-redis.ts";

/** A server from the configuration, and its answer. */
interface Answer {
  host: string;
  info: ReadonlyMap<string, string>;
  /** The nodes of its cluster. Null if it is a single server. */
  nodes: readonly RedisNode[] | null;
}

/** Checks the configured Redis or Valkey: it is reachable, keeps its keys, and takes writes. Changes nothing. */
export async function diagnoseRedis(urls: readonly string[]): Promise<Finding[]> {
  const results = await Promise.all(urls.map(checkServer));
  const answers = results.flatMap((result) => ("info" in result ? [result] : []));
  const failed = results.flatMap((result) => ("reason" in result ? [result] : []));
  const [first] = answers;
  if (first === undefined) return failed.map(({ host, reason }) => unreachable(host, reason));
  if (urls.length === 1 && first.nodes === null) return serverFindings(first.info);

  const cluster = answers.flatMap(({ nodes }) => (nodes === null ? [] : [nodes]))[0];
  return [
    ...failed.map(({ host, reason }) =>
      warningFinding("", `${host} does not answer: ${reason}.`, "name nodes that are up"),
    ),
    ...answers
      .filter(({ nodes }) => nodes === null)
      .map(({ host }) =>
        errorFinding("", `${host} is not part of a cluster.`, "name one server, or nodes of one cluster"),
      ),
    ...(cluster === undefined ? [] : await diagnoseRedisCluster(cluster)),
  ];
}

async function checkServer(url: string): Promise<Answer | { host: string; reason: string }> {
  const { host } = new URL(url);
  try {
    return await withRedis(url, async (redis) => ({
      host,
      info: readInfo(await redis.info()),
      nodes: (await isInCluster(redis)) ? await nodesOf(redis, url) : null,
    }));
  } catch (error) {
    return { host, reason: error instanceof Error ? error.message || error.name : String(error) };
  }
}

function unreachable(host: string, reason: string): Finding {
  const what = `Redis at ${host} cannot be used: ${reason}.`;
  return errorFinding("", what, "check host, port and password, and that the server runs");
}

function serverFindings(info: ReadonlyMap<string, string>): Finding[] {
  const replica = errorFinding("", "It is a replica and takes no writes.", "name the primary");
  return [
    okFinding("", `${releaseOf(info)} answers.`),
    ...queueProblems("It", info),
    ...(info.get("role") === "slave" ? [replica] : []),
  ];
}
