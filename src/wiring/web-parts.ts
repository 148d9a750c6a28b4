import type { AgentCatalog } from "../agents/agent-catalog.ts";
import type { ChannelDirectory, RunningChannel } from "../channels/channel-directory.ts";
import { webConfigSchema } from "../channels/web/config.ts";
import { createVisitorDoor } from "../channels/web/visitor-door.ts";
import type { Logger } from "../core/logger.ts";
import { createPageAssets } from "../http/web/page-assets.ts";
import { createRecheck } from "../http/web/recheck.ts";
import type { WebChannel } from "../http/web/web-deps.ts";
import { createWebLimits } from "../http/web/web-limits.ts";
import { webRoutes } from "../http/web/web-routes.ts";
import { createMessageQueriesRepository } from "../sessions/message-queries-repository.ts";
import { createSessionFeedRepository } from "../sessions/session-feed-repository.ts";
import { createSessionWritesRepository } from "../sessions/session-writes-repository.ts";
import { createVisitorStamps } from "../sessions/visitor-changes-repository.ts";
import { createVisitorRepository } from "../sessions/visitor-repository.ts";
import { createVisitorSessionsRepository } from "../sessions/visitor-sessions-repository.ts";
import type { AttachmentParts } from "./attachment-parts.ts";
import type { Engine } from "./engine.ts";
import type { Pipeline } from "./pipeline.ts";
import { createWebActs } from "./web-acts.ts";

export interface WebPartsDeps {
  engine: Engine;
  channels: ChannelDirectory;
  agents: AgentCatalog;
  pipeline: Pipeline;
  attachments: AttachmentParts;
  publicUrl: string;
  /** Aborts when the server stops. */
  draining: AbortSignal;
  log: Logger;
}

/** Web chat, wired: the hosted page, the widget, and the routes of their visitors. */
export function createWebParts(deps: WebPartsDeps): ReturnType<typeof webRoutes> {
  const { engine, channels, agents, pipeline, attachments, publicUrl, draining, log } = deps;
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
      const known = web.get(running) ?? openDoor(running);
      web.set(running, known);
      return known;
    },
    visitors: createVisitorRepository(prisma),
    sessions,
    agentName: async ({ agentId, agentVersion }) =>
      (await agents.load(agentId, agentVersion)).definition.name,
    feed,
    acts: createWebActs({ engine, agents, pipeline, feed, sessions }),
    accept: pipeline.ingest.acceptMessage,
    wasOffered: createMessageQueriesRepository(pool).wasOffered,
    successor: createSessionWritesRepository(pool).successor,
    follow: pipeline.streams.follow,
    watch: (sessionId, listener) => hub.subscribe(sessionTopic(sessionId), listener),
    announce: (sessionId) => hub.publish(sessionTopic(sessionId), { type: "messages" }),
    watchVisitor: (visitorId, listener) => hub.subscribe(visitorTopic(visitorId), listener),
    announceVisitor: (visitorId) => hub.publish(visitorTopic(visitorId), { type: "sessions" }),
    recheck: createRecheck(createVisitorStamps(pool)),
    desk: attachments.desk,
    openFile: attachments.openFile,
    assets: createPageAssets(),
    publicUrl,
    limits: createWebLimits(),
    draining,
    log,
  });
}

function openDoor({ ref, config }: RunningChannel): WebChannel {
  const web = webConfigSchema.parse(config);
  return {
    // The very object: a reload changes the agent's version in it.
    ref,
    door: createVisitorDoor({ channel: ref.name, config: web }),
    allowedOrigins: web.allowedOrigins,
    title: web.title ?? null,
    greeting: web.greeting ?? null,
    starters: web.starters,
    attachmentTypes: web.attachmentTypes,
  };
}
