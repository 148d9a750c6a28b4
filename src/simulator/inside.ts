import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type RequestHandler, type Router } from "express";
import { refused } from "./control/refused.ts";
import { createSimulator, type Simulator } from "./simulator.ts";

export interface InsideOptions {
  /** Values that the log must not show. */
  hidden: readonly string[];
  /** Paths of the service's web chats. */
  webChats: readonly string[];
  /** The address to connect to for a URL of the service. */
  reach(url: string): string;
  /** True for callers of this network. Others see neither the page nor the control API. */
  isNear(request: Parameters<RequestHandler>[0]): boolean;
}

/** A simulator inside the service, for its own channels. */
export interface InsideSimulator {
  simulator: Simulator;
  /** The URL below which the platforms' APIs are. Only this machine can reach it. */
  url: string;
  /** The page and the control API, for the service's own server. */
  pages: Router;
  close(): Promise<void>;
}

/** Starts the platforms' APIs on a free port of this machine. */
export async function startInside({
  hidden,
  webChats,
  reach,
  isNear,
}: InsideOptions): Promise<InsideSimulator> {
  let url = "";
  const simulator = createSimulator({ origin: () => url, hidden, webChats, reach });
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(simulator.apis);
  const server = createServer(app);
  server.on("upgrade", (request, socket, head) => {
    if (!simulator.upgrade(request, socket, head)) socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pages = express.Router();
  pages.use((request, response, next) => {
    if (isNear(request)) next();
    else refused(response, 403, "not_near", "The simulator answers callers of its own network only.");
  });
  pages.use(simulator.pages);
  return {
    simulator,
    url,
    pages,
    async close() {
      simulator.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
