import { Router } from "express";
import { createHttpServer } from "../../src/http/server.ts";
import { createWebParts } from "../../src/wiring/web-parts.ts";
import type { TestApp } from "./app.ts";
import { quietLog } from "./quiet-log.ts";

/** A web process of its own beside an application: one that can be stopped while the rest goes on. */
export interface WebServer extends AsyncDisposable {
  url: string;
  port: number;
  /** Cuts every connection and stops listening, as a killed process does. */
  kill(): Promise<void>;
}

/** @param options.port the port of a killed one, to come back at the same address. */
export async function startWebServer(test: TestApp, options: { port?: number } = {}): Promise<WebServer> {
  const { engine, channels, agents, pipeline, attachments } = test.app;
  const draining = new AbortController();
  const parts = {
    engine,
    channels,
    agents,
    pipeline,
    attachments,
    publicUrl: "http://chat.test",
    draining: draining.signal,
    log: quietLog(),
  };
  const http = createHttpServer(
    { webhooks: () => {}, health: Router(), mounts: [{ path: "/", router: createWebParts(parts) }] },
    quietLog(),
  );
  const port = await http.listen("127.0.0.1", options.port ?? 0);
  const kill = async () => {
    http.server.closeAllConnections();
    draining.abort();
    await http.close(0);
  };
  return { url: `http://127.0.0.1:${port}`, port, kill, [Symbol.asyncDispose]: kill };
}
