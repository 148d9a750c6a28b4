import type { AgentCatalog } from "../../agents/agent-catalog.ts";
import { createSessionAgentRepository } from "../../agents/session-agent-repository.ts";
import { newId } from "../../core/ids.ts";
import type { ChannelRef } from "../../core/session/runtime.ts";
import type { Ingest } from "../../ingest/accept-inbound.ts";
import { completeSession } from "../../sessions/end-repository.ts";
import { resetSession } from "../../sessions/reset-repository.ts";
import type { SessionFeedRepository } from "../../sessions/session-feed-repository.ts";
import type { VisitorSessions } from "../../sessions/visitor-sessions-repository.ts";
import type { Database } from "../../storage/database.ts";
import type { Opening, SessionActs } from "./web-deps.ts";

export interface WebActsDeps {
  database: Pick<Database, "pool">;
  agents: AgentCatalog;
  acceptMessage: Ingest["acceptMessage"];
  cancelExecution(executionId: string): Promise<boolean>;
  feed: SessionFeedRepository;
  sessions: VisitorSessions;
}

/** Larger than every seq, because only the state of the session is needed. */
const AFTER_ALL = 2 ** 31 - 1;
/** The events of a session's end when its visitor resets or ends it. */
const END_EVENTS = ["session_ended", "session_ended.user_reset", "session_ended.user"];

/** A visitor's actions on the visitor's sessions. */
export function createWebActs({
  database,
  agents,
  acceptMessage,
  cancelExecution,
  feed,
  sessions,
}: WebActsDeps): SessionActs {
  const { pool } = database;
  const versions = createSessionAgentRepository(pool);

  /**
   * The agent's first message answers a prompt. The key makes it one message, even if it is requested several times.
   */
  async function openWith(channel: ChannelRef, sessionId: string, opening: Opening): Promise<void> {
    await acceptMessage(channel, {
      sessionId,
      content: opening.prompt,
      eventKey: `web:${sessionId}:opening`,
      origin: "instruction",
      by: opening.by,
    });
  }

  return {
    async end(sessionId, { triggerEvents }) {
      return (await completeSession(pool, { sessionId, reason: "user", triggerEvents })) !== null;
    },

    async stop(sessionId) {
      const page = await feed.since(sessionId, AFTER_ALL, 1);
      const stopped = [];
      // Newest first, so that no waiting turn begins when the one before it stops.
      for (const id of page?.waiting.toReversed() ?? []) {
        if (await cancelExecution(id)) stopped.push(id);
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

    async reset(channel, sessionId, { triggerEvents, opening }) {
      const opened = await resetSession(pool, {
        sessionId,
        reason: "user_reset",
        triggerEvents,
        newSessionId: newId(),
      });
      // A second press, or a call whose answer was lost.
      const nextId = opened?.id ?? (await sessions.resetSuccessor(sessionId));
      if (nextId === null) return null;
      if (opening !== null) await openWith(channel, nextId, opening);
      return { sessionId: nextId };
    },
  };
}
