import type { Cluster, Redis } from "ioredis";
import type { OutageLog } from "./outage-log.ts";

/** Logs an outage, which starts at the first lost node of a cluster and ends when none is missing. */
export function watchNodes(outage: OutageLog) {
  const missing = new Set<string>();
  const forget = (gone: (key: string) => boolean) => {
    for (const key of [...missing]) if (gone(key)) missing.delete(key);
    if (missing.size === 0) outage.restored();
  };

  return {
    /** Observes the errors and events of a client from now on. */
    follow(cluster: Cluster): void {
      cluster.on("error", (error) => outage.lost(error));
      cluster.on("node error", (error, key: string) => {
        // The node was only slow to report the slots. Its connection works, so no event would report that it is back.
        if (cluster.nodes().some((node) => keyOf(node) === key && node.status === "ready")) return;
        missing.add(key);
        outage.lost(error);
      });
      cluster.on("+node", (node: Redis) => node.on("ready", () => forget((key) => key === keyOf(node))));
      // Another node took over the slots, so the old node is no longer missing.
      cluster.on("refresh", () => {
        const known = new Set(cluster.nodes().map(keyOf));
        forget((key) => !known.has(key));
      });
    },
  };
}

const keyOf = ({ options: { host, port } }: Redis) => `${host}:${port}`;
