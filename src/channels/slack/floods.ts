import type { SendResult } from "../../core/message/outbound.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import type { SlackPlace } from "./address.ts";

const CODE = "slack_ratelimited";

interface Refused {
  team: string | null;
  address: string;
  until: number;
}

/**
 * Marks refusals by a limit of one Slack channel. Slack allows about one message a second per channel, over all its
 * threads (Slack, "Rate limits"). So a refusal of a second thread tells nothing about other channels, but a refusal of
 * a second channel does. With several workspaces, it affects that workspace only.
 */
export function createFloods(now: () => number = monotonicMs) {
  const refused = new Map<string, Refused>();
  const heldUntil = new Map<string, number>();

  return {
    /** The result of a send that must wait for its workspace; null if it may be sent. */
    hold({ team }: SlackPlace): SendResult | null {
      const afterMs = team === null ? 0 : (heldUntil.get(team) ?? 0) - now();
      if (afterMs <= 0) return null;
      const reason = "Slack asked this workspace to wait";
      return { kind: "retry", reason, code: CODE, scope: "conversation", afterMs, alone: true };
    },

    judge({ team, channel }: SlackPlace, address: string, result: SendResult): SendResult {
      if (result.kind !== "retry" || result.code !== CODE || result.afterMs === undefined) return result;
      for (const [room, { until }] of refused) if (until <= now()) refused.delete(room);
      const room = `${team ?? ""}/${channel}`;
      const before = refused.get(room);
      const isSameRoom = before !== undefined && before.address !== address;
      const until = now() + result.afterMs;
      if (!isSameRoom) refused.set(room, { team, address, until });
      if (team === null) return isSameRoom ? { ...result, alone: true } : result;
      const others = [...refused].some(([other, at]) => other !== room && at.team === team);
      if (others) heldUntil.set(team, Math.max(heldUntil.get(team) ?? 0, until));
      return { ...result, alone: true };
    },
  };
}
