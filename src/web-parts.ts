import type { ChannelDirectory, RunningChannel } from "./channels/channel-directory.ts";
import { webConfigSchema } from "./channels/web/config.ts";
import { createVisitorDoor } from "./channels/web/visitor-door.ts";
import { newId } from "./core/ids.ts";
import type { ChannelRef } from "./core/runtime.ts";
import type { Engine } from "./engine.ts";
import { createPageAssets } from "./http/web/page-assets.ts";
import type { SessionActs, WebChannel } from "./http/web/web-deps.ts";
import { createWebLimits } from "./http/web/web-limits.ts";
import { webRoutes } from "./http/web/web-routes.ts";
import type { Pipeline } from "./pipeline.ts";
import { createSessionFeedRepository } from "./sessions/session-feed-repository.ts";
import { completeSession, resetSession } from "./sessions/session-repository.ts";
import { createSessionWritesRepository } from "./sessions/session-writes-repository.ts";
import { createVisitorRepository } from "./sessions/visitor-repository.ts";

export interface WebPartsDeps {
  engine: Engine;
  channels: ChannelDirectory;
  pipeline: Pipeline;
  publicUrl: string;
  /** Aborts when the server stops. */
  draining: AbortSignal;
}

/** Web chat, wired: the routes of the hosted page and of its visitors. */
export function createWebParts({
  engine,
  channels,
  pipeline,
  publicUrl,
  draining,
}: WebPartsDeps): ReturnType<typeof webRoutes> {
  const { pool, prisma } = engine.database;
  const web = new WeakMap<RunningChannel, WebChannel>();
  const topicOf = (sessionId: string) => `session.${sessionId}`;

  return webRoutes({
    channel(name) {
      const running = channels.byName(name);
      if (running?.ref.kind !== "web") return null;
      const known = web.get(running) ?? openDoor(running);
      web.set(running, known);
      return known;
    },
    visitors: createVisitorRepository(prisma),
    feed: createSessionFeedRepository(pool),
    acts: sessionActs(engine, pipeline),
    accept: pipeline.ingest.acceptMessage,
    successor: createSessionWritesRepository(pool).successor,
    follow: pipeline.streams.follow,
    watch: (sessionId, listener) => engine.hub.subscribe(topicOf(sessionId), listener),
    announce: (sessionId) => engine.hub.publish(topicOf(sessionId), { type: "messages" }),
    assets: createPageAssets(),
    publicUrl,
    limits: createWebLimits(),
    draining,
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
  };
}

/** What visitors may do to their sessions. */
function sessionActs(engine: Engine, pipeline: Pipeline): SessionActs {
  const { pool } = engine.database;
  return {
    async end(sessionId, { triggerEvents }) {
      const end = { sessionId, reason: "user" as const, authority: "any" as const, triggerEvents };
      return (await completeSession(pool, end)) !== null;
    },
    async reset(channel: ChannelRef, sessionId, { triggerEvents, prompt }) {
      const opened = await resetSession(pool, {
        sessionId,
        reason: "user_reset",
        authority: "any",
        triggerEvents,
        agentVersion: channel.agentVersion,
        newSessionId: newId(),
        commandSeq: null,
        notice: null,
        lease: null,
      });
      if (!opened) return null;
      if (prompt !== null) {
        await pipeline.ingest.acceptMessage(channel, {
          sessionId: opened.id,
          content: prompt,
          eventKey: `web:${opened.id}:opening`,
          origin: "instruction",
        });
      }
      return { sessionId: opened.id };
    },
  };
}
