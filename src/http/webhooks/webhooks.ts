import type { ChannelDirectory } from "../../channels/channel-directory.ts";
import type { Logger } from "../../core/process/logger.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import type { ChannelActivityLog } from "../../delivery/channel-activity.ts";
import type { Ingest } from "../../ingest/accept-inbound.ts";
import type { Metrics } from "../../observability/metrics.ts";
import type { CallerOf } from "../server/caller-address.ts";
import { createRateLimit, requireRate } from "../server/rate-limit.ts";
import type { HttpParts } from "../server/server.ts";
import { createRefusalReport, refusalText } from "./refused-webhooks.ts";
import { webhookRoutes } from "./webhook-routes.ts";

export interface WebhooksDeps {
  channels: ChannelDirectory;
  pipeline: { ingest: Pick<Ingest, "acceptEvents">; activity: Pick<ChannelActivityLog, "error"> };
  inbound: Metrics["inbound"];
  callerOf: CallerOf;
  /** Aborts when the service stops. */
  stopping: AbortSignal;
  log: Logger;
}

/** Limits how often one address visits the pages that install a platform's app. */
const INSTALL_VISITS = { burst: 30, perMinute: 30 };

/** The webhooks of the running channels. Refused ones are counted, and reported as the channel's newest error. */
export function createWebhooks(deps: WebhooksDeps): HttpParts["webhooks"] {
  const { channels, pipeline, inbound, callerOf, stopping, log } = deps;
  const refused = createRefusalReport({
    report(refusals) {
      const { channel, code, count } = refusals;
      log.warn({ channel: channel.name, code, count }, refusalText(refusals));
      pipeline.activity.error(channel.id, refusalText(refusals));
    },
  });
  stopping.addEventListener("abort", refused.stop, { once: true });
  const visits = createRateLimit(INSTALL_VISITS, monotonicMs);
  return webhookRoutes({
    channel: (name) => channels.inUrl(name),
    accept: (ref, events) => pipeline.ingest.acceptEvents(ref, events),
    visit: (request) => requireRate(visits, callerOf(request), "Too many visits. Try again later."),
    onReceived(ref, outcome) {
      if (outcome !== "accepted") inbound.inc({ channel: ref.name, outcome });
    },
    onRefused(ref, refusal) {
      inbound.inc({ channel: ref.name, outcome: "rejected" });
      refused.note(ref, refusal);
    },
  });
}
