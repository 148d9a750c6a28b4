import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { StartupError } from "../core/faults/errors.ts";
import { addAccounts, type BotUrls } from "./accounts.ts";
import type { PlatformName } from "./connection.ts";
import { createSimulator, type Simulator } from "./simulator.ts";
import type { WorldOptions } from "./world.ts";

export interface AloneOptions {
  platforms: readonly PlatformName[];
  port: number;
  host?: string;
  /** The bot's URLs that get events. */
  urls?: BotUrls;
}

/** A simulator that serves anybody's bots, without the rest of the service. */
export interface AloneSimulator extends AsyncDisposable {
  simulator: Simulator;
  origin: string;
  server: Server;
  close(): Promise<void>;
}

/** Starts the simulator on a server of its own, with one bot of each platform. */
export function startAlone({ platforms, urls = {}, ...place }: AloneOptions): Promise<AloneSimulator> {
  return serveAlone(place, (simulator) => addAccounts(simulator, platforms, urls));
}

/** Starts the simulator on a server of its own, with the bots that `addBots` adds. */
export async function serveAlone(
  { port, host = "127.0.0.1", reach }: Pick<AloneOptions, "port" | "host"> & Pick<WorldOptions, "reach">,
  addBots: (simulator: Simulator) => void,
): Promise<AloneSimulator> {
  let origin = "";
  const simulator = createSimulator({ origin: () => origin, canSetWebhooks: true, ...(reach && { reach }) });
  addBots(simulator);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use("/simulator", simulator.pages);
  app.use("/simulator", simulator.apis);
  app.use(simulator.apis);
  app.get("/", (_request, response) => response.redirect("/simulator"));
  const server = createServer(app);
  server.on("upgrade", (request, socket, head) => {
    if (!simulator.upgrade(request, socket, head)) socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      const words = taken
        ? `Port ${port} on ${host} is taken`
        : `Cannot listen on ${host}:${port} (${error.code})`;
      reject(new StartupError(`${words}. Choose another one with --port.`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  origin = `http://${host}:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    simulator.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return { simulator, origin, server, close, [Symbol.asyncDispose]: close };
}
