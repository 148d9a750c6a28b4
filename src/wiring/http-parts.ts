import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { ChannelDirectory } from "../channels/channel-directory.ts";
import type { Logger } from "../core/logger.ts";
import { createRoom } from "../core/room.ts";
import { attachmentLinkRoutes } from "../http/attachment-link-routes.ts";
import { healthRoutes } from "../http/health-routes.ts";
import { createHttpServer, type HttpParts, type HttpServer } from "../http/server.ts";
import { webhookRoutes } from "../http/webhook-routes.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { AttachmentParts } from "./attachment-parts.ts";
import type { Bounds } from "./bounds.ts";
import type { Engine } from "./engine.ts";
import type { Pipeline } from "./pipeline.ts";
import { createWebParts } from "./web-parts.ts";

export interface HttpPartsDeps {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: Pipeline;
  attachments: AttachmentParts;
  metrics: Metrics;
  /** The API, by its base paths. */
  api: HttpParts["mounts"];
  publicUrl: string;
  bounds: Bounds;
  /** Aborts when the service stops. */
  stopping: AbortSignal;
  log: Logger;
}

/** The HTTP server, wired: webhooks, health checks, the API, files and web chat. */
export function createHttpParts(deps: HttpPartsDeps): HttpServer {
  const { engine, channels, pipeline, attachments, metrics, bounds, stopping } = deps;
  return createHttpServer(
    {
      webhooks: webhookRoutes({
        channel: (name) => channels.inUrl(name),
        accept: (ref, events) => pipeline.ingest.acceptEvents(ref, events),
        onReceived: (ref, outcome) => {
          if (outcome === "rejected") metrics.inbound.inc({ channel: ref.name, outcome });
        },
      }),
      health: healthRoutes({
        dependencies: () => engine.health(),
        channels: () =>
          Object.fromEntries(
            // API channels of several workspaces may have one name: then the trouble of any of them is told.
            [...channels.all()]
              .sort((left, right) => Number(left.error !== null) - Number(right.error !== null))
              .map(({ ref, error }) => [
                ref.name,
                { kind: ref.kind, state: error === null ? "ok" : "error", last_error: error },
              ]),
          ),
        files: attachments.trouble,
        metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
        draining: () => stopping.aborted,
      }),
      bodies: createRoom(bounds.bodies),
      overloaded: () => engine.database.pool.waitingCount >= bounds.waitingForDatabase,
      onFinished({ seconds, ...labels }) {
        metrics.httpSeconds.observe(labels, seconds);
      },
      mounts: [
        ...deps.api,
        {
          path: "/",
          router: attachmentLinkRoutes({
            desk: attachments.desk,
            opens: attachments.links.opens,
            openFile: attachments.openFile,
          }),
        },
        { path: "/", router: createWebParts({ ...deps, draining: stopping }) },
      ],
    },
    deps.log,
  );
}
