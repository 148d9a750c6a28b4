import { errorFinding, type Finding, okFinding } from "../core/faults/finding.ts";
import { counted } from "../core/text/counted.ts";
import { queueProblems, releaseOf } from "./queue-problems.ts";
import { type RedisNode, readInfo, withRedis } from "./with-redis.ts";

const SLOTS = "16384";

/** The information that a node gives about itself and about the cluster. */
interface NodeAnswer {
  name: string;
  info: ReadonlyMap<string, string>;
  cluster: ReadonlyMap<string, string>;
}

/** Checks every node that has slots, at the address that the service would use. */
export async function diagnoseRedisCluster(nodes: readonly RedisNode[]): Promise<Finding[]> {
  const results = await Promise.all(nodes.map(checkNode));
  const answers = results.flatMap((result) => ("info" in result ? [result] : []));
  if (results.length === 0)
    return [errorFinding("", "No node of its cluster has a slot.", "see redis-cli --cluster create")];
  const problems = [
    ...results.flatMap((result) => ("reason" in result ? [unreachable(result)] : [])),
    ...answers.flatMap(({ name, info }) => queueProblems(name, info)),
    ...answers
      .filter(({ info }) => info.get("role") === "master")
      .flatMap(stateFindings)
      .slice(0, 1),
  ];
  const replicas = answers.filter(({ info }) => info.get("role") === "slave").length;
  const release = answers[0] ? releaseOf(answers[0].info) : "Redis";
  const size = `${counted(answers.length - replicas, "master")} and ${counted(replicas, "replica")}`;
  return [okFinding("", `${release} answers, a cluster of ${size}.`), ...problems];
}

async function checkNode(node: RedisNode): Promise<NodeAnswer | { name: string; reason: string }> {
  const name = `${node.host}:${node.port}`;
  try {
    return await withRedis(node, async (redis) => ({
      name,
      info: readInfo(await redis.info()),
      cluster: readInfo(await redis.cluster("INFO")),
    }));
  } catch (error) {
    return { name, reason: error instanceof Error ? error.message || error.name : String(error) };
  }
}

function unreachable({ name, reason }: { name: string; reason: string }): Finding {
  return errorFinding(
    "",
    `The cluster lists the node ${name}, but it does not answer from here: ${reason}.`,
    "start it, or let it announce an address that can be reached from here (cluster-announce-ip, cluster-announce-hostname)",
  );
}

function stateFindings({ name, cluster }: NodeAnswer): Finding[] {
  if (cluster.get("cluster_state") === "ok") return [];
  const served = `${cluster.get("cluster_slots_ok") ?? "0"} of ${SLOTS} slots are served`;
  return [
    errorFinding(
      "",
      `${name} reports that the cluster is not usable: ${served}.`,
      "see redis-cli --cluster check",
    ),
  ];
}
