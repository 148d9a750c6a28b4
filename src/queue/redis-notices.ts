import type { NoticeTransport } from "./notice-transport.ts";
import { type RedisClients, SOCKET_TIMEOUT_MS } from "./redis-clients.ts";

/** Notices with publish and subscribe. In a cluster, a text published on one node reaches all nodes. */
export function redisNotices(clients: RedisClients, channel: string): NoticeTransport {
  return {
    async send(texts) {
      const pipeline = clients.publisher.pipeline();
      for (const text of texts) pipeline.publish(channel, text);
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    },
    async listen(onText) {
      const subscriber = clients.openSubscriber();
      subscriber.on("message", (_channel, text) => onText(text));
      await subscriber.subscribe(channel);
      // A connection that only listens would not notice that the other end disappeared silently.
      const pings = setInterval(() => void subscriber.ping().catch(() => undefined), SOCKET_TIMEOUT_MS);
      pings.unref();
      return async () => {
        clearInterval(pings);
        subscriber.disconnect();
      };
    },
  };
}
