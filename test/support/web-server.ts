import { Router } from "express";
import { webChannel } from "../../src/app/http.ts";
import { createAdmissionLimit } from "../../src/core/process/admission-limit.ts";
import { boundsFor } from "../../src/http/server/bounds.ts";
import { createCallerOf } from "../../src/http/server/caller-address.ts";
import { createHttpServer } from "../../src/http/server/server.ts";
import { createWebChat } from "../../src/http/web/web-chat.ts";
import type { TestApp } from "./app.ts";
import { quietLog } from "./quiet-log.ts";

/** A separate web server beside an application, which can be stopped while the rest continues. */
export interface WebServer extends AsyncDisposable {
  url: string;
  port: number;
  /** Breaks every connection and stops listening, like a killed process. */
  kill(): Promise<void>;
}

/** @param options.port the port of a killed server, to return at the same address. */
export async function startWebServer(test: TestApp, options: { port?: number } = {}): Promise<WebServer> {
  const { engine, channels, agents, pipeline, attachments } = test.app;
  const draining = new AbortController();
  const router = createWebChat({
    service: { engine, channels, agents, pipeline, attachments, log: quietLog() },
    webChannel,
    publicUrl: "http://chat.test",
    limits: {
      callerOf: createCallerOf(["private"]),
      addressRates: boundsFor(null).addressRates,
      streamRoom: createAdmissionLimit({ count: 1_000, bytes: 0 }),
    },
    draining: draining.signal,
  });
  const http = createHttpServer(
    { webhooks: () => {}, health: Router(), mounts: [{ path: "/", router }] },
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
