import type { AgentCatalog } from "../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../agents/session-agent-repository.ts";
import { newId } from "../core/ids.ts";
import type { ChannelRef } from "../core/runtime.ts";
import type { SessionActs } from "../http/web/web-deps.ts";
import type { SessionFeedRepository } from "../sessions/session-feed-repository.ts";
import { completeSession, resetSession } from "../sessions/session-repository.ts";
import type { VisitorSessions } from "../sessions/visitor-sessions-repository.ts";
import type { Engine } from "./engine.ts";
import type { Pipeline } from "./pipeline.ts";

export interface WebActsDeps {
  engine: Pick<Engine, "database">;
  agents: AgentCatalog;
  pipeline: Pick<Pipeline, "ingest" | "cancelExecution">;
  feed: SessionFeedRepository;
  sessions: VisitorSessions;
}

/** Beyond every seq: only how a session stands is asked for. */
const AFTER_ALL = 2 ** 31 - 1;
/** What a session ends with when its visitor resets or ends it. */
const END_EVENTS = ["session_ended", "session_ended.user_reset", "session_ended.user"];

/** What visitors may do to their sessions. */
export function createWebActs({ engine, agents, pipeline, feed, sessions }: WebActsDeps): SessionActs {
  const { pool } = engine.database;
  const versions = createSessionAgentRepository(pool);

  /** The agent's first message follows from a prompt; the key makes it one message, however often it is asked for. */
  async function openWith(channel: ChannelRef, sessionId: string, prompt: string): Promise<void> {
    await pipeline.ingest.acceptMessage(channel, {
      sessionId,
      content: prompt,
      eventKey: `web:${sessionId}:opening`,
      origin: "instruction",
    });
  }

  return {
    async end(sessionId, { triggerEvents }) {
      const end = { sessionId, reason: "user" as const, authority: "any" as const, triggerEvents };
      return (await completeSession(pool, end)) !== null;
    },

    async stop(sessionId) {
      const page = await feed.since(sessionId, AFTER_ALL, 1);
      const stopped = [];
      // Newest first, so that none of those that wait is begun when the one before it stops.
      for (const id of page?.waiting.toReversed() ?? []) {
        if (await pipeline.cancelExecution(id)) stopped.push(id);
      }
      return stopped.toReversed();
    },

    async resetOffer(channel, { agentId, agentVersion }) {
      const pinned = await agents.load(agentId, agentVersion);
      const known = await versions.find(channel.workspaceId, agentId);
      const { definition: next } = await agents.load(agentId, known?.currentVersion ?? agentVersion);
      const { prompt } = next.reset;
      return {
        prompt: prompt === "readonly" && next.seedMessage === null ? "hidden" : prompt,
        seedMessage: next.seedMessage,
        endEvents: pinned.definition.events.some(({ on }) => END_EVENTS.includes(on)),
      };
    },

    async reset(channel, sessionId, { triggerEvents, prompt }) {
      const opened = await resetSession(pool, {
        sessionId,
        reason: "user_reset",
        authority: "any",
        triggerEvents,
        agentVersion: null,
        newSessionId: newId(),
        commandSeq: null,
        notice: null,
        lease: null,
      });
      // A second press, or a call whose answer was lost.
      const nextId = opened?.id ?? (await sessions.resetSuccessor(sessionId));
      if (nextId === null) return null;
      if (prompt !== null) await openWith(channel, nextId, prompt);
      return { sessionId: nextId };
    },
  };
}
