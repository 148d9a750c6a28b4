import type { RunningChannel } from "../../channels/channel-directory.ts";
import type { AdmissionLimit } from "../../core/process/admission-limit.ts";
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
import type { WebChannel } from "./web-deps.ts";
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
  const { engine, channels, agents, pipeline, attachments, log } = deps.service;
  const { publicUrl, limits, draining } = deps;
  const { pool, prisma } = engine.database;
  const { hub } = engine;
  const web = new WeakMap<RunningChannel, WebChannel>();
  const feed = createSessionFeedRepository(pool);
  const sessions = createVisitorSessionsRepository(pool);
  const sessionTopic = (sessionId: string) => `session.${sessionId}`;
  const visitorTopic = (visitorId: string) => `visitor.${visitorId}`;

  return webRoutes({
    channel(name) {
      const running = channels.inUrl(name);
      if (running?.ref.kind !== "web") return null;
      const known = web.get(running) ?? deps.webChannel(running);
      web.set(running, known);
      return known;
    },
    visitors: createVisitorRepository(prisma),
    sessions,
    async agent({ agentId, agentVersion }) {
      const { name, speech } = (await agents.load(agentId, agentVersion)).definition;
      return { name, hearsSeconds: speech.listen?.maxSeconds ?? null };
    },
    feed,
    ratings: createRatingRepository(pool),
    acts: createWebActs({
      database: engine.database,
      agents,
      acceptMessage: pipeline.ingest.acceptMessage,
      cancelExecution: pipeline.cancelExecution,
      feed,
      sessions,
    }),
    accept: pipeline.ingest.acceptMessage,
    wasOffered: createMessageQueriesRepository(pool).wasOffered,
    successor: createSessionWritesRepository(pool).successor,
    follow: pipeline.streams.follow,
    watch: (sessionId, listener) => hub.subscribe(sessionTopic(sessionId), listener),
    announce: (sessionId) => hub.publish(sessionTopic(sessionId), { type: "messages" }),
    watchVisitor: (visitorId, listener) => hub.subscribe(visitorTopic(visitorId), listener),
    announceVisitor: (visitorId) => hub.publish(visitorTopic(visitorId), { type: "sessions" }),
    pollVisitor: createVisitorPoll(createVisitorStamps(pool)),
    uploads: attachments.uploads,
    sendFile: attachments.sendFile,
    assets: createPageAssets(),
    publicUrl,
    callerOf: limits.callerOf,
    limits: createWebLimits(limits.addressRates, limits.streamRoom),
    draining,
    log,
  });
}
