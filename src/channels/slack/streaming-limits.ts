import { monotonicMs } from "../../core/time/monotonic.ts";
import type { SlackPlace } from "./address.ts";

/** Cards that a workspace refused are tried again after this time. */
const REFUSED_MS = 60 * 60_000;

export type StreamingLimits = ReturnType<typeof createStreamingLimits>;

/** The limits of workspaces for streams, as their refusals show them. */
export function createStreamingLimits() {
  /** Workspaces that asked us to wait, each with the end of the wait. Sends come before previews. */
  const quietUntil = new Map<string | null, number>();
  /** A workspace and a kind of conversation without streams. */
  const withoutStreams = new Set<string>();
  /** Workspaces that refused cards, each with the time of the next try. */
  const withoutCards = new Map<string | null, number>();
  const kindOf = ({ team, channel }: SlackPlace) => `${team ?? ""}/${channel.charAt(0)}`;

  return {
    isQuiet: ({ team }: SlackPlace) => monotonicMs() < (quietUntil.get(team) ?? 0),
    hasStreams: (place: SlackPlace) => !withoutStreams.has(kindOf(place)),
    hasCards: ({ team }: SlackPlace) => monotonicMs() >= (withoutCards.get(team) ?? 0),
    /** The workspace asked us to wait. */
    rest: ({ team }: SlackPlace, ms: number) => void quietUntil.set(team, monotonicMs() + ms),
    refuseStreams: (place: SlackPlace) => void withoutStreams.add(kindOf(place)),
    refuseCards: ({ team }: SlackPlace) => void withoutCards.set(team, monotonicMs() + REFUSED_MS),
  };
}
