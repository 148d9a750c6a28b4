import { broken, type Finding, well } from "../core/finding.ts";
import { keepsJobs, releaseOf } from "./redis-fitness.ts";
import { askRedis, type RedisNode, readInfo } from "./redis-question.ts";

const SLOTS = "16384";

/** What a node says of itself and of the cluster. */
interface NodeAnswer {
  name: string;
  info: ReadonlyMap<string, string>;
  cluster: ReadonlyMap<string, string>;
}

/** Looks at every node that has slots, as the service would reach it. */
export async function diagnoseRedisCluster(nodes: readonly RedisNode[]): Promise<Finding[]> {
  const looks = await Promise.all(nodes.map(look));
  const answers = looks.flatMap((seen) => ("info" in seen ? [seen] : []));
  if (looks.length === 0)
    return [broken("", "It is in a cluster in which no node has a slot.", "see redis-cli --cluster create")];
  const troubles = [
    ...looks.flatMap((seen) => ("reason" in seen ? [unreachable(seen)] : [])),
    ...answers.flatMap(({ name, info }) => keepsJobs(name, info)),
    ...answers
      .filter(({ info }) => info.get("role") === "master")
      .flatMap(stateFindings)
      .slice(0, 1),
  ];
  const replicas = answers.filter(({ info }) => info.get("role") === "slave").length;
  const release = answers[0] ? releaseOf(answers[0].info) : "Redis";
  const size = `${counted(answers.length - replicas, "master")} and ${counted(replicas, "replica")}`;
  return [well("", `${release} answers, a cluster of ${size}.`), ...troubles];
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

async function look(node: RedisNode): Promise<NodeAnswer | { name: string; reason: string }> {
  const name = `${node.host}:${node.port}`;
  try {
    return await askRedis(node, async (redis) => ({
      name,
      info: readInfo(await redis.info()),
      cluster: readInfo(await redis.cluster("INFO")),
    }));
  } catch (error) {
    return { name, reason: error instanceof Error ? error.message || error.name : String(error) };
  }
}

function unreachable({ name, reason }: { name: string; reason: string }): Finding {
  return broken(
    "",
    `The cluster names ${name} as one of its nodes, which does not answer here: ${reason}.`,
    "start it, or let it announce an address that can be reached from here (cluster-announce-ip, cluster-announce-hostname)",
  );
}

function stateFindings({ name, cluster }: NodeAnswer): Finding[] {
  if (cluster.get("cluster_state") === "ok") return [];
  const served = `${cluster.get("cluster_slots_ok") ?? "0"} of ${SLOTS} slots are served`;
  return [
    broken("", `${name} says that the cluster cannot be used: ${served}.`, "see redis-cli --cluster check"),
  ];
}
