import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Connection, Platform } from "../connection.ts";
import type { World } from "../world.ts";
import { createSlackApp, type SlackAccount } from "./app.ts";
import { createEvents } from "./events.ts";
import { createPhone } from "./phone.ts";
import { type ServedApp, serveSlack } from "./routes.ts";
import { createSockets } from "./sockets.ts";

export interface SlackPlatform extends Platform {
  add(account: SlackAccount): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): void;
}

/** The Web API, the Events API and Socket Mode for simulated apps (https://docs.slack.dev). */
export function createSlack(world: World, origin: () => string): SlackPlatform {
  const apps: (ServedApp & { phone: Connection })[] = [];
  const root = () => `${origin()}/slack`;

  return {
    name: "slack",
    add(account) {
      const app = createSlackApp(account, world.firstId);
      const sockets = createSockets(world, app);
      const events = createEvents(world, app, sockets);
      apps.push({ app, sockets, phone: createPhone({ world, app, events, root }), tell: events.event });
    },
    connections: () => apps.map(({ phone }) => phone),
    upgrade(request, socket, head) {
      const ticket = /\/slack\/socket\?ticket=([\w-]+)/.exec(request.url ?? "")?.[1];
      return ticket !== undefined && apps.some(({ sockets }) => sockets.take(ticket, request, socket, head));
    },
    close() {
      for (const { sockets } of apps) sockets.close();
    },
    serve: (router) => serveSlack(router, () => ({ world, root: root(), apps })),
  };
}
