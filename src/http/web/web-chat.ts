import type { RunningChannel } from "../../channels/channel-directory.ts";
import type { AdmissionLimit } from "../../core/process/admission-limit.ts";
import type { JsonObject } from "../../core/text/json.ts";
import type { Hub } from "../../queue/hub.ts";
import { createMessageQueriesRepository } from "../../sessions/message-queries-repository.ts";
import { createRatingRepository } from "../../sessions/rating-repository.ts";
import { createSessionFeedRepository } from "../../sessions/session-feed-repository.ts";
import { createSessionWritesRepository } from "../../sessions/session-writes-repository.ts";
import { createVisitorStamps } from "../../sessions/visitor-changes-repository.ts";
import { createVisitorRepository } from "../../sessions/visitor-repository.ts";
import { createVisitorSessionsRepository } from "../../sessions/visitor-sessions-repository.ts";
import type { CallerOf } from "../server/caller-address.ts";
import type { Service, ServicePipeline } from "../service.ts";
import { createPageAssets } from "./page-assets.ts";
import { createVisitorPoll } from "./visitor-poll.ts";
import { createWebActs } from "./web-acts.ts";
import type { WebChannel, WebNotices, WebSite } from "./web-deps.ts";
import { type AddressRates, createWebLimits } from "./web-limits.ts";
import { webRoutes } from "./web-routes.ts";

export interface WebChatDeps {
  service: Pick<Service, "engine" | "channels" | "agents" | "attachments" | "log"> & {
    pipeline: Pick<ServicePipeline, "ingest" | "cancelExecution" | "streams">;
  };
  /** The web channel of a running channel. */
  webChannel(running: RunningChannel): WebChannel;
  publicUrl: string;
  limits: { callerOf: CallerOf; addressRates: AddressRates; streamRoom: AdmissionLimit };
  /** Aborts when the server stops. */
  draining: AbortSignal;
}

/** Web chat: the hosted page, the widget, and the routes of their visitors. */
export function createWebChat(deps: WebChatDeps): ReturnType<typeof webRoutes> {
  const { engine, pipeline, attachments, log } = deps.service;
  const { publicUrl, limits, draining } = deps;
  const { pool, prisma } = engine.database;
  const feed = createSessionFeedRepository(pool);
  const all = createVisitorSessionsRepository(pool);
  return webRoutes({
    site: { ...siteOf(deps), assets: createPageAssets(), publicUrl },
    visitors: createVisitorRepository(prisma),
    sessions: {
      all,
      acts: createWebActs({
        database: engine.database,
        agents: deps.service.agents,
        acceptMessage: pipeline.ingest.acceptMessage,
        cancelExecution: pipeline.cancelExecution,
        feed,
        sessions: all,
      }),
      accept: pipeline.ingest.acceptMessage,
      ratings: createRatingRepository(pool),
      wasOffered: createMessageQueriesRepository(pool).wasOffered,
      successor: createSessionWritesRepository(pool).successor,
    },
    files: { uploads: attachments.uploads, send: attachments.sendFile },
    news: {
      feed,
      follow: pipeline.streams.follow,
      sessions: noticesOn(engine.hub, "session", { type: "messages" }),
      visitors: noticesOn(engine.hub, "visitor", { type: "sessions" }),
      poll: createVisitorPoll(createVisitorStamps(pool)),
    },
    traffic: {
      callerOf: limits.callerOf,
      limits: createWebLimits(limits.addressRates, limits.streamRoom),
      draining,
      log,
    },
  });
}

function siteOf({ service, webChannel }: WebChatDeps): Pick<WebSite, "channel" | "agent"> {
  const { channels, agents } = service;
  const web = new WeakMap<RunningChannel, WebChannel>();
  return {
    channel(name) {
      const running = channels.inUrl(name);
      if (running?.ref.kind !== "web") return null;
      const known = web.get(running) ?? webChannel(running);
      web.set(running, known);
      return known;
    },
    async agent({ agentId, agentVersion }) {
      const { name, speech } = (await agents.load(agentId, agentVersion)).definition;
      return { name, hearsSeconds: speech.listen?.maxSeconds ?? null };
    },
  };
}

/** Notices about one kind of rows. @param prefix the first part of their topics */
function noticesOn(hub: Hub, prefix: "session" | "visitor", notice: JsonObject): WebNotices {
  return {
    watch: (id, listener) => hub.subscribe(`${prefix}.${id}`, listener),
    announce: (id) => hub.publish(`${prefix}.${id}`, notice),
  };
}
