import { isDatabaseOutage } from "../../core/faults/database-outage.ts";
import type { ChannelOptions, KnownConversation } from "../channel-options.ts";
import type { Later } from "../kit/later.ts";
import { parseAddress, toAddress } from "./address.ts";

/** Finds our conversations by Slack's ids. Every call rejects during a database outage. */
export interface Conversations {
  /** The conversation at an address, or else the one that contains the message of an event key. */
  find(address: string, eventKey?: string): Promise<KnownConversation | null>;
  /** The newest conversation that the bot began with a person directly and that the person has not answered. */
  findUnanswered(team: string | null, channel: string, user: string): Promise<KnownConversation | null>;
  /** The buttons that a message offered. */
  findButtons: ChannelOptions<unknown>["findButtons"];
}

export function createConversations({
  findConversation,
  findUnanswered,
  findButtons,
}: Pick<ChannelOptions<unknown>, "findConversation" | "findUnanswered" | "findButtons">): Conversations {
  return {
    findButtons,
    async find(address, eventKey) {
      const known = await findConversation(address, eventKey);
      // A message of a shared channel may have come for another workspace. That workspace's conversation is not ours.
      const isHere = known !== null && parseAddress(known.externalKey)?.team === parseAddress(address)?.team;
      return isHere ? known : null;
    },
    findUnanswered(team, channel, user) {
      const userIdentifier = team === null ? user : `${team}/${user}`;
      // If Slack returned no conversation for a person, the person's id is used instead.
      const begins = [channel, user].map((place) => toAddress(team, place, ""));
      return findUnanswered(userIdentifier, begins);
    },
  };
}

/** Undefined during a database outage, so that Slack repeats the event. Any other error is a surprise. */
export function unknownInOutage(error: unknown): undefined {
  if (!isDatabaseOutage(error)) throw error;
}

export const THREADS_UNKNOWN: Later = {
  kind: "later",
  reason: "Threads cannot be looked up.",
  retryAfterMs: 5_000,
};

export const BUTTONS_UNKNOWN: Later = {
  kind: "later",
  reason: "What was offered cannot be looked up.",
  retryAfterMs: 5_000,
};
