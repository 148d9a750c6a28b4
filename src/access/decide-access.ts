import type { AccessSettings } from "../core/session/access-settings.ts";

export type RequestState = "waiting" | "approved" | "denied" | "expired";

/** The state of an invite. Only a valid one lets anybody in. */
export type InviteState = "valid" | "used_up" | "expired";

/** A person who decides: the name, and the way of the decision. */
export interface Decider {
  name: string;
  via: string;
}

/** A request of the sender that is less than a day old. */
export interface RecentRequest {
  id: string;
  state: RequestState;
  /** A number from 1 to 3, unique among the user's waiting requests. */
  place: number;
  /** The event keys of its messages. */
  eventKeys: readonly string[];
  albumKey: string | null;
  /** Number of its messages. */
  parts: number;
}

/** The facts about a message that decide if its sender may talk to the bot. */
export interface AccessFacts {
  /** The state of the invite, if the message is an invite; null: it is none. */
  invite: InviteState | "unknown" | null;
  policy: AccessSettings["policy"];
  isListed: boolean;
  isGranted: boolean;
  /** The message is stored already, because its sender got access. */
  isStored: boolean;
  /** False for a group's picture without a mention. */
  isForBot: boolean;
  eventKeys: readonly string[];
  albumKey: string | null;
  requests: readonly RecentRequest[];
  /** Number of requests that wait on the channel. */
  waitingHere: number;
}

export type AccessDecision =
  | { kind: "admitted"; because: "listed" | "granted" | "invited" }
  /** The message opens a request. `greets`: the sender is told to wait. `asks`: approvers are asked. */
  | { kind: "pending"; place: number; greets: boolean; asks: boolean }
  /** The message is a part of one that waits. */
  | { kind: "joins"; requestId: string }
  | { kind: "refused"; because: Refusal };

/** The reason why a message was not kept. */
export type Refusal = "repeated" | "not_for_bot" | "denied" | "too_many_messages" | "too_many_strangers";

/** A user has at most this many codes at once. Without codes, one request is enough. */
const MOST_WAITING = { pairing: 3, allowlist: 1 } as const;
/** At most this many requests wait on a channel, however many strangers write. */
const MOST_WAITING_HERE = 1_000;
/** Approvers are asked while fewer requests wait on a channel, so that a flood does not reach them. */
const MOST_ASKED = 20;
/** At most this many events belong to one request. */
const MOST_PARTS = 20;

/** Decides if the sender of a message may talk to the bot. Pure. */
export function decideAccess(facts: AccessFacts): AccessDecision {
  const { policy, requests, eventKeys } = facts;
  if (facts.isListed) return { kind: "admitted", because: "listed" };
  if (facts.isGranted) return { kind: "admitted", because: "granted" };
  if (facts.isStored) return refused("repeated");
  if (facts.invite === "valid") return { kind: "admitted", because: "invited" };
  const part = partOf(facts);
  if (part !== null) return part;
  if (requests.some((request) => sharesKey(request, eventKeys))) return refused("repeated");
  if (!facts.isForBot) return refused("not_for_bot");
  if (requests.some(({ state }) => state === "denied")) return refused("denied");
  const taken = requests.filter(({ state }) => state === "waiting").map(({ place }) => place);
  if (taken.length >= MOST_WAITING[policy]) return refused("too_many_messages");
  if (facts.waitingHere >= MOST_WAITING_HERE) return refused("too_many_strangers");
  const place = [1, 2, 3].find((free) => !taken.includes(free)) ?? 1;
  const asks = taken.length === 0 && facts.waitingHere < MOST_ASKED;
  return { kind: "pending", place, greets: requests.length === 0, asks };
}

/** A part of a waiting album, or another event of a waiting message. Null: it is neither. */
function partOf({ requests, eventKeys, albumKey }: AccessFacts): AccessDecision | null {
  const whole = requests.find(
    (request) =>
      request.state === "waiting" &&
      (sharesKey(request, eventKeys) || (albumKey !== null && request.albumKey === albumKey)),
  );
  if (whole === undefined) return null;
  if (eventKeys.every((key) => whole.eventKeys.includes(key))) return refused("repeated");
  return whole.parts < MOST_PARTS ? { kind: "joins", requestId: whole.id } : refused("too_many_messages");
}

function sharesKey(request: RecentRequest, eventKeys: readonly string[]): boolean {
  return eventKeys.some((key) => request.eventKeys.includes(key));
}

function refused(because: Refusal): AccessDecision {
  return { kind: "refused", because };
}

/** An operator's answer to a request. */
export type Answer = "approved" | "denied";

export type AnswerDecision =
  /** It waits, so the answer counts. */
  | { kind: "counts" }
  /** The same answer was given before. */
  | { kind: "repeated" }
  /** Another answer was given before. */
  | { kind: "decided"; state: "approved" | "denied" }
  | { kind: "expired" };

/** Decides if an operator's answer to a request counts. Pure. */
export function decideAnswer(state: RequestState, answer: Answer): AnswerDecision {
  if (state === "waiting") return { kind: "counts" };
  if (state === "expired") return { kind: "expired" };
  return state === answer ? { kind: "repeated" } : { kind: "decided", state };
}
