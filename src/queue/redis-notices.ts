import type { NoticeTransport } from "./notice-transport.ts";
import { type RedisClients, SILENCE_MS } from "./redis-clients.ts";

/** Notices by publish and subscribe; in a cluster, what is published on one node is heard on all. */
export function redisNotices(clients: RedisClients, channel: string): NoticeTransport {
  return {
    async send(texts) {
      const pipeline = clients.speaking.pipeline();
      for (const text of texts) pipeline.publish(channel, text);
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    },
    async listen(onText) {
      const listener = clients.openListener();
      listener.on("message", (_channel, text) => onText(text));
      await listener.subscribe(channel);
      // Who only listens would never learn that the other end is gone without a word.
      const pulse = setInterval(() => void listener.ping().catch(() => undefined), SILENCE_MS);
      pulse.unref();
      return async () => {
        clearInterval(pulse);
        listener.disconnect();
      };
    },
  };
}
