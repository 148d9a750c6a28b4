import { newId } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import type { ReplyLimits } from "../core/reply-parts.ts";
import { changeComing } from "../schedules/coming-repository.ts";
import { addSchedule, laterSchedule } from "../schedules/schedule-repository.ts";
import { completeInTransaction, resetSession } from "../sessions/session-repository.ts";
import { finishWithEffects } from "../turns/finish-effects-repository.ts";
import type { FinishRepository, TurnCommit, TurnCommitted } from "../turns/finish-repository.ts";
import type { TurnEffects } from "../turns/run-turn.ts";
import type { Lane, PendingMessage } from "../turns/turn-repository.ts";
import type { Engine } from "./engine.ts";

export interface TurnEffectsDeps {
  engine: Pick<Engine, "database">;
  finished: FinishRepository;
  /** How texts go out on a channel. */
  limits(channelId: string): ReplyLimits;
  deliver(channelId: string, deliveryIds: readonly string[]): void;
  notifySession(channelId: string, sessionId: string, notice: { type: string }): void;
  wakeSoon(sessionId: string): void;
  owner: string;
  leaseMs: number;
  log: Logger;
}

/** What a turn does besides answering, wired: it ends or resets its session, and puts messages down for later. */
export function createTurnEffects(deps: TurnEffectsDeps) {
  const { pool } = deps.engine.database;
  return {
    /** A turn's end with what its bot did besides answering, all of it in one commit. */
    async finish(commit: TurnCommit, lane: Lane, effects: TurnEffects): Promise<TurnCommitted> {
      const newSessionId = newId();
      const result = await finishWithEffects(
        {
          pool,
          repository: deps.finished,
          sayLater: (client, { workspaceId, agentId, channelId, user }, later) =>
            addSchedule(
              client,
              laterSchedule({
                id: newId(),
                workspaceId,
                agentId,
                channelId,
                userId: user.id,
                madeBy: "bot",
                later,
              }),
            ),
          changeLater: (client, { agentId, user }, change) =>
            changeComing(client, { userId: user.id, agentId }, change),
          endSession: (client, end) => completeInTransaction(client, { ...end, reason: "bot", newSessionId }),
        },
        commit,
        lane,
        effects,
      );
      // What waited behind the end waits in the next session now, in a lane that nobody holds.
      if (effects.endSession && result.kind === "committed") deps.wakeSoon(newSessionId);
      return result;
    },

    /** `/reset`: the next session, in whose lane the turn goes on; null where there is none to go on in. */
    async reset(lane: Lane, command: PendingMessage, reply: string): Promise<Lane | null> {
      const { split } = deps.limits(lane.channelId);
      const opened = await resetSession(pool, {
        sessionId: lane.sessionId,
        reason: "user_reset",
        authority: { leaseToken: lane.leaseToken },
        // Of the session's own agent: an API session's need not be the channel's.
        agentVersion: null,
        newSessionId: newId(),
        commandSeq: command.seq,
        notice: {
          messageId: newId(),
          content: reply,
          deliveries: split(reply).map((content) => ({ id: newId(), content })),
        },
        lease: { owner: deps.owner, leaseMs: deps.leaseMs },
      });
      if (!opened) return null;
      deps.log.info({ session_id: lane.sessionId, new_session_id: opened.id }, "session reset");
      deps.deliver(lane.channelId, opened.noticeDeliveryIds);
      deps.notifySession(lane.channelId, lane.sessionId, { type: "messages" });
      if (opened.leaseToken === null) return null;
      return {
        ...lane,
        sessionId: opened.id,
        leaseToken: opened.leaseToken,
        agentVersion: opened.agentVersion,
        metadata: opened.metadata,
      };
    },
  };
}
