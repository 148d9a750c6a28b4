import { broken, doubtful, type Finding, well } from "../core/finding.ts";
import { diagnoseRedisCluster } from "./diagnose-redis-cluster.ts";
import { isInCluster, nodesOf } from "./find-redis.ts";
import { keepsJobs, releaseOf } from "./redis-fitness.ts";
import { askRedis, type RedisNode, readInfo } from "./redis-question.ts";

/** A server that was named, and what it says. */
interface Answer {
  host: string;
  info: ReadonlyMap<string, string>;
  /** Those of the cluster it is in; null where it stands alone. */
  nodes: readonly RedisNode[] | null;
}

/** Looks at the Redis or Valkey that is given: whether it can be reached, keeps its keys, takes writes. Changes nothing. */
export async function diagnoseRedis(urls: readonly string[]): Promise<Finding[]> {
  const looks = await Promise.all(urls.map(look));
  const answers = looks.flatMap((seen) => ("info" in seen ? [seen] : []));
  const silent = looks.flatMap((seen) => ("reason" in seen ? [seen] : []));
  const [first] = answers;
  if (first === undefined) return silent.map(({ host, reason }) => unreachable(host, reason));
  if (urls.length === 1 && first.nodes === null) return serverFindings(first.info);

  const cluster = answers.flatMap(({ nodes }) => (nodes === null ? [] : [nodes]))[0];
  return [
    ...silent.map(({ host, reason }) =>
      doubtful("", `${host} does not answer: ${reason}.`, "name nodes that are up"),
    ),
    ...answers
      .filter(({ nodes }) => nodes === null)
      .map(({ host }) => broken("", `${host} is in no cluster.`, "name one server, or nodes of one cluster")),
    ...(cluster === undefined ? [] : await diagnoseRedisCluster(cluster)),
  ];
}

async function look(url: string): Promise<Answer | { host: string; reason: string }> {
  const { host } = new URL(url);
  try {
    return await askRedis(url, async (redis) => ({
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
  return broken("", what, "check host, port and password, and that the server runs");
}

function serverFindings(info: ReadonlyMap<string, string>): Finding[] {
  const replica = broken("", "It is a replica and takes no writes.", "name the primary");
  return [
    well("", `${releaseOf(info)} answers.`),
    ...keepsJobs("It", info),
    ...(info.get("role") === "slave" ? [replica] : []),
  ];
}
