import type { Cluster, Redis } from "ioredis";
import type { OutageLog } from "./outage-log.ts";

/** Tells the log of an outage from the first node of a cluster that is lost until none is missing. */
export function watchNodes(outage: OutageLog) {
  const missing = new Set<string>();
  const forget = (gone: (key: string) => boolean) => {
    for (const key of [...missing]) if (gone(key)) missing.delete(key);
    if (missing.size === 0) outage.restored();
  };

  return {
    /** What a client notices from now on. */
    follow(cluster: Cluster): void {
      cluster.on("error", (error) => outage.lost(error));
      cluster.on("node error", (error, key: string) => {
        missing.add(key);
        outage.lost(error);
      });
      cluster.on("+node", (node: Redis) => node.on("ready", () => forget((key) => key === keyOf(node))));
      // A node is not missed any more once another one took over its slots, or where it was only slow to say who has
      // which: then its connection never went, and never comes back. One that waits was not needed yet.
      cluster.on("refresh", () => {
        const lost = cluster.nodes().filter(({ status }) => status !== "ready" && status !== "wait");
        const absent = new Set(lost.map(keyOf));
        forget((key) => !absent.has(key));
      });
    },
  };
}

const keyOf = ({ options: { host, port } }: Redis) => `${host}:${port}`;
