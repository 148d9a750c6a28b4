import type { TypingTurn } from "../../channels/channel.ts";
import type { ChannelDirectory } from "../../channels/channel-directory.ts";
import type { SilentOutcome } from "../../core/message/outbound.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { PendingMessage } from "../lanes/pending-messages-repository.ts";
import type { Lane } from "../lanes/turn-repository.ts";
import type { SilentTurn } from "./turn-deps.ts";
import { keepTyping } from "./typing.ts";

export interface ChannelSignsDeps {
  channels: Pick<ChannelDirectory, "byId">;
  /** Time limit of one call, milliseconds. */
  timeoutMs: number;
  /** Aborts when a stop has no time left. */
  giveUp: AbortSignal;
  log: Logger;
}

/** Signs on the platform that are no message: that the bot writes, and that it will not answer. */
export function createChannelSigns({ channels, timeoutMs, giveUp, log }: ChannelSignsDeps) {
  return {
    showTyping(lane: Lane, over: AbortSignal, messages: readonly PendingMessage[]): void {
      const { channel, ref } = channels.byId(lane.channelId) ?? {};
      const refreshMs = ref?.typingRefreshMs ?? null;
      const typing = channel?.typing;
      const { address } = lane;
      if (!typing || refreshMs === null || address === null) return;
      const turn = typingTurnOf(messages);
      const show = (signal: AbortSignal) => typing.call(channel, address, signal, turn);
      keepTyping(show, refreshMs, over).catch((error: unknown) =>
        log.debug({ err: error }, "could not show that an answer is being written"),
      );
    },

    /** Best effort. If a process dies before this, its indicator may stay until it expires, or for good. */
    onSilence(lane: Lane, { executionId, answers }: SilentTurn, outcome: SilentOutcome): void {
      const channel = channels.byId(lane.channelId)?.channel;
      const target = {
        address: lane.address ?? lane.sessionId,
        sessionId: lane.sessionId,
        ...(executionId === null ? {} : { executionId }),
        ...(answers === null ? {} : { answers }),
      };
      const notify = async () =>
        channel?.turnEnded?.(target, outcome, AbortSignal.any([giveUp, AbortSignal.timeout(timeoutMs)]));
      notify().catch((error: unknown) => {
        log.warn(
          { err: error, session_id: lane.sessionId },
          "a channel could not be notified that a turn ended without a reply",
        );
      });
    },
  };
}

/** An instruction to the bot is nothing that a user may read, so its words are left out. */
function typingTurnOf([first]: readonly PendingMessage[]): TypingTurn | undefined {
  return first?.origin === "user" ? { words: first.content, isFirst: first.seq === 1 } : undefined;
}
