import type { RunningChannel } from "../channels/channel-directory.ts";
import { webConfigSchema } from "../channels/web/config.ts";
import { createVisitorAuth } from "../channels/web/visitor-auth.ts";
import type { AdmissionLimit } from "../core/process/admission-limit.ts";
import { createChannelActivity } from "../delivery/channel-activity-repository.ts";
import { keepBodies, withRoomForFiles } from "../http/bodies/bodies.ts";
import { consolePage } from "../http/console/console-page.ts";
import type { Bounds } from "../http/server/bounds.ts";
import type { CallerOf } from "../http/server/caller-address.ts";
import { channelHealth } from "../http/server/channel-health.ts";
import { createFullCheck } from "../http/server/full-database.ts";
import { healthRoutes } from "../http/server/health-routes.ts";
import { createHttpServer, type HttpParts, type HttpServer } from "../http/server/server.ts";
import { attachmentLinkRoutes } from "../http/streams/attachment-link-routes.ts";
import { createWebChat } from "../http/web/web-chat.ts";
import type { WebChannel } from "../http/web/web-deps.ts";
import { createWebhooks } from "../http/webhooks/webhooks.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { ServiceParts } from "./service.ts";
import type { SimulatorParts } from "./simulator.ts";

export interface HttpDeps {
  parts: ServiceParts;
  metrics: Metrics;
  /** The API, by its base paths. */
  api: HttpParts["mounts"];
  /** The simulator's page and control API; null: nothing is simulated. */
  simulator: Pick<SimulatorParts, "pages" | "channels"> | null;
  /** `streamRoom`: places for streams and sockets. */
  limits: { bounds: Bounds; callerOf: CallerOf; streamRoom: AdmissionLimit };
  /** `stopping` aborts when the service stops. */
  site: { publicUrl: string; stopping: AbortSignal };
}

/** Wires the HTTP server: webhooks, health checks, the API, files and web chat. */
export function createHttp(deps: HttpDeps): HttpServer {
  const { engine, channels, pipeline, attachments, log } = deps.parts;
  const { metrics, limits, site } = deps;
  const { bounds, callerOf } = limits;
  const { stopping } = site;
  const { troubles } = createChannelActivity(engine.database.pool);
  return createHttpServer(
    {
      webhooks: createWebhooks({ channels, pipeline, inbound: metrics.inbound, callerOf, stopping, log }),
      health: healthRoutes({
        dependencies: () => engine.health(),
        channels: () => channelHealth(channels, troubles),
        simulated: deps.simulator?.channels ?? [],
        files: attachments.lastError,
        metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
        draining: () => stopping.aborted,
      }),
      limits: {
        keepBody: keepBodies(withRoomForFiles(bounds.bodies, attachments.uploads.limitBytes), callerOf),
        mostConnections: bounds.connections,
        isFull: createFullCheck(engine.database, bounds.waitingForDatabase),
      },
      onFinished({ seconds, ...labels }) {
        metrics.httpSeconds.observe(labels, seconds);
      },
      mounts: mountsOf(deps),
    },
    log,
  );
}

function mountsOf({ parts, api, simulator, limits, site }: HttpDeps): HttpParts["mounts"] {
  const { uploads, links, sendFile } = parts.attachments;
  const { callerOf, streamRoom, bounds } = limits;
  const files = attachmentLinkRoutes({ uploads, isValid: links.isValid, sendFile, callerOf });
  const webChat = createWebChat({
    service: parts,
    webChannel,
    publicUrl: site.publicUrl,
    limits: { callerOf, streamRoom, addressRates: bounds.addressRates },
    draining: site.stopping,
  });
  const senders = "visitors";
  return [
    ...(simulator === null ? [] : [{ path: "/simulator", senders, router: simulator.pages } as const]),
    { path: "/console", router: consolePage() },
    ...api,
    { path: "/", senders, router: files },
    { path: "/", senders, router: webChat },
  ];
}

/** The configuration of a web channel, and the check of its visitors. */
export function webChannel({ ref, config }: RunningChannel): WebChannel {
  const web = webConfigSchema.parse(config);
  return {
    // The same object, because a reload changes the agent's version in it.
    ref,
    auth: createVisitorAuth({ channel: ref.name, config: web }),
    allowedOrigins: web.allowedOrigins,
    title: web.title ?? null,
    greeting: web.greeting ?? null,
    starters: web.starters,
    ratings: web.ratings,
    attachmentTypes: web.attachmentTypes,
  };
}
