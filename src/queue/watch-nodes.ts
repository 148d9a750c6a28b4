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
        // It was slow to say who has which slots: its connection stands, and would never tell that it is back.
        if (cluster.nodes().some((node) => keyOf(node) === key && node.status === "ready")) return;
        missing.add(key);
        outage.lost(error);
      });
      cluster.on("+node", (node: Redis) => node.on("ready", () => forget((key) => key === keyOf(node))));
      // Once another one took over its slots, a node is not missed any more.
      cluster.on("refresh", () => {
        const known = new Set(cluster.nodes().map(keyOf));
        forget((key) => !known.has(key));
      });
    },
  };
}

const keyOf = ({ options: { host, port } }: Redis) => `${host}:${port}`;
