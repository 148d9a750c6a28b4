import { newId } from "../../core/ids.ts";
import type { ReplyLimits } from "../../core/message/reply-parts.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { Handoffs } from "../../handoffs/handoffs-repository.ts";
import type { Requested } from "../../handoffs/request-repository.ts";
import { changeComing } from "../../schedules/coming-repository.ts";
import { addSchedule, laterSchedule } from "../../schedules/schedule-repository.ts";
import {
  completeInTransaction,
  openedBefore,
  type ResetRequest,
  resetSession,
} from "../../sessions/reset-repository.ts";
import type { Database } from "../../storage/database.ts";
import { type LostAnswerOptions, writeOnce } from "../../storage/write-once.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import { answeredBy } from "./answered.ts";
import { type FinishEffectsDeps, finishWithEffects } from "./finish-effects-repository.ts";
import type { FinishRepository } from "./finish-repository.ts";
import type { TurnCommit, TurnCommitted } from "./turn-commit.ts";
import type { TurnEngineDeps } from "./turn-deps.ts";
import type { TurnEffects } from "./turn-outcome.ts";

export interface TurnEffectsDeps {
  store: {
    pool: Database["pool"];
    finished: FinishRepository;
    /** The wait for the database during an outage. */
    loss: Pick<LostAnswerOptions<unknown, unknown>, "patienceMs" | "signal">;
  };
  /** The lease that the lane of a new session gets. */
  lease: { owner: string; leaseMs: number };
  handoffs: Pick<Handoffs, "prepare" | "within" | "move">;
  /** The limits of texts on a channel. */
  limits(channelId: string): ReplyLimits;
  /** The work that follows a commit. */
  after: {
    deliver(channelId: string, deliveryIds: readonly string[]): void;
    notifySession(channelId: string, sessionId: string, notice: { type: string }): void;
    wakeSoon(sessionId: string): void;
    onSilence: TurnEngineDeps["shown"]["onSilence"];
  };
  log: Logger;
}

const LOST: TurnCommitted = { kind: "lost" };

/** Wires everything a turn does besides answering: it ends or resets its session, and schedules messages. */
export function createTurnEffects(deps: TurnEffectsDeps) {
  const { pool, finished, loss } = deps.store;
  const { after } = deps;
  return {
    /** Ends a turn together with the bot's other effects, in one commit. */
    async finish(commit: TurnCommit, lane: Lane, effects: TurnEffects): Promise<TurnCommitted> {
      const newSessionId = newId();
      const { sessionId: id, channelId, agentId, agentVersion } = lane;
      const asked = effects.handoff
        ? await deps.handoffs.prepare({ id, channelId, agentId, agentVersion }, effects.handoff)
        : null;
      let handedOff: Requested | null = null;
      const finishDeps: FinishEffectsDeps = {
        pool,
        repository: finished,
        scheduleLater: (client, { workspaceId, agentId, channelId, sessionId, user }, later) =>
          addSchedule(
            client,
            laterSchedule({
              id: newId(),
              workspaceId,
              agentId,
              channelId,
              userId: user.id,
              sessionId,
              madeBy: "bot",
              later,
            }),
          ),
        async handOff(client) {
          if (asked) handedOff = await deps.handoffs.within(client, asked);
        },
        changeLater: (client, { agentId, sessionId, user }, change) =>
          changeComing(client, { userId: user.id, agentId, sessionId }, change),
        endSession: (client, end) => completeInTransaction(client, { ...end, reason: "bot", newSessionId }),
      };
      const [result = LOST] = await writeOnce(
        [commit],
        async () => [await finishWithEffects(finishDeps, commit, lane, effects)],
        { findWritten: finished.findWritten, ...loss },
      );
      if (handedOff && result.kind === "committed") deps.handoffs.move(handedOff);
      // The messages after the end now wait in the next session, in a lane that nothing holds.
      if (effects.endSession && result.kind === "committed") after.wakeSoon(newSessionId);
      return result;
    },

    /** Runs `/reset`. Returns the lane of the next session, in which the turn continues; null if there is none. */
    async reset(lane: Lane, command: PendingMessage, reply: string): Promise<Lane | null> {
      const { split } = deps.limits(lane.channelId);
      const answers = answeredBy([command]);
      const reset: ResetRequest = {
        sessionId: lane.sessionId,
        reason: "user_reset",
        leaseToken: lane.leaseToken,
        newSessionId: newId(),
        commandSeq: command.seq,
        notice: {
          messageId: newId(),
          content: reply,
          deliveries: split(reply).map((content) => ({ id: newId(), content })),
          answers,
        },
        lease: deps.lease,
      };
      const [result] = await writeOnce([reset], async () => [{ opened: await resetSession(pool, reset) }], {
        async findWritten() {
          const opened = await openedBefore(pool, reset);
          return [opened && { opened }];
        },
        ...loss,
      });
      const opened = result?.opened ?? null;
      if (!opened) return null;
      deps.log.info({ session_id: lane.sessionId, new_session_id: opened.id }, "session reset");
      if (opened.noticeDeliveryIds.length > 0) after.deliver(lane.channelId, opened.noticeDeliveryIds);
      else after.onSilence(lane, { executionId: null, answers }, "no_reply");
      after.notifySession(lane.channelId, lane.sessionId, { type: "messages" });
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
