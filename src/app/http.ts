import type { RunningChannel } from "../channels/channel-directory.ts";
import { webConfigSchema } from "../channels/web/config.ts";
import { createVisitorAuth } from "../channels/web/visitor-auth.ts";
import type { AdmissionLimit } from "../core/process/admission-limit.ts";
import { monotonicMs } from "../core/time/monotonic.ts";
import { createChannelActivity } from "../delivery/channel-activity-repository.ts";
import { keepBodies, withRoomForFiles } from "../http/bodies/bodies.ts";
import { consolePage } from "../http/console/console-page.ts";
import type { Bounds } from "../http/server/bounds.ts";
import type { CallerOf } from "../http/server/caller-address.ts";
import { channelHealth } from "../http/server/channel-health.ts";
import { createFullCheck } from "../http/server/full-database.ts";
import { healthRoutes } from "../http/server/health-routes.ts";
import { createRateLimit, requireRate } from "../http/server/rate-limit.ts";
import { createHttpServer, type HttpParts, type HttpServer } from "../http/server/server.ts";
import { attachmentLinkRoutes } from "../http/streams/attachment-link-routes.ts";
import { createWebChat } from "../http/web/web-chat.ts";
import type { WebChannel } from "../http/web/web-deps.ts";
import { createRefusalReport, refusalText } from "../http/webhooks/refused-webhooks.ts";
import { webhookRoutes } from "../http/webhooks/webhook-routes.ts";
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

/** Limits how often one address visits the pages that install a platform's app. */
const INSTALL_VISITS = { burst: 30, perMinute: 30 };

/** Wires the HTTP server: webhooks, health checks, the API, files and web chat. */
export function createHttp(deps: HttpDeps): HttpServer {
  const { engine, channels, pipeline, attachments, log } = deps.parts;
  const { metrics, limits, site } = deps;
  const { bounds, callerOf, streamRoom } = limits;
  const { publicUrl, stopping } = site;
  const refused = createRefusalReport({
    report(refusals) {
      const { channel, code, count } = refusals;
      log.warn({ channel: channel.name, code, count }, refusalText(refusals));
      pipeline.activity.error(channel.id, refusalText(refusals));
    },
  });
  stopping.addEventListener("abort", refused.stop, { once: true });
  const visits = createRateLimit(INSTALL_VISITS, monotonicMs);
  const { troubles } = createChannelActivity(engine.database.pool);
  return createHttpServer(
    {
      webhooks: webhookRoutes({
        channel: (name) => channels.inUrl(name),
        accept: (ref, events) => pipeline.ingest.acceptEvents(ref, events),
        visit: (request) => requireRate(visits, callerOf(request), "Too many visits. Try again later."),
        onReceived: (ref, outcome) => {
          if (outcome !== "accepted") metrics.inbound.inc({ channel: ref.name, outcome });
        },
        onRefused(ref, refusal) {
          metrics.inbound.inc({ channel: ref.name, outcome: "rejected" });
          refused.note(ref, refusal);
        },
      }),
      health: healthRoutes({
        dependencies: () => engine.health(),
        channels: () => channelHealth(channels, troubles),
        simulated: deps.simulator?.channels ?? [],
        files: attachments.lastError,
        metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
        draining: () => stopping.aborted,
      }),
      keepBody: keepBodies(withRoomForFiles(bounds.bodies, attachments.uploads.limitBytes), callerOf),
      mostConnections: bounds.connections,
      isFull: createFullCheck(engine.database, bounds.waitingForDatabase),
      onFinished({ seconds, ...labels }) {
        metrics.httpSeconds.observe(labels, seconds);
      },
      mounts: [
        ...(deps.simulator === null
          ? []
          : [{ path: "/simulator", senders: "visitors" as const, router: deps.simulator.pages }]),
        { path: "/console", router: consolePage() },
        ...deps.api,
        {
          path: "/",
          senders: "visitors",
          router: attachmentLinkRoutes({
            uploads: attachments.uploads,
            isValid: attachments.links.isValid,
            sendFile: attachments.sendFile,
            callerOf,
          }),
        },
        {
          path: "/",
          senders: "visitors",
          router: createWebChat({
            service: deps.parts,
            webChannel,
            publicUrl,
            limits: { callerOf, streamRoom, addressRates: bounds.addressRates },
            draining: stopping,
          }),
        },
      ],
    },
    log,
  );
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
