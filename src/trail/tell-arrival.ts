import { durationInWords, type Fact } from "./fact.ts";
import type { AskedRow, SessionFacts, TrailRows } from "./trail-rows.ts";

/** How the messages of a turn came in, and why they belong to this session. */
export function tellArrival({ asked, session, attachments }: TrailRows): Fact[] {
  return [
    ...asked.flatMap((message) => [received(message, session), placed(message, session)]),
    ...attachments.map(
      ({ id, name, state, error, updatedAt }): Fact => ({
        at: updatedAt,
        what: `The file ${name ?? "without a name"} is ${state}.`,
        why: error,
        about: { type: "attachment", id },
      }),
    ),
  ];
}

function received(message: AskedRow, session: SessionFacts): Fact {
  const at = message.createdAt;
  const about = { type: "message" as const, id: message.id };
  const cause = causeOf(message.keys);
  switch (message.origin) {
    case "instruction":
      return { at, what: "The bot was asked to say something.", why: cause, about };
    case "command":
      return { at, what: "The user wrote /reset.", why: "It is carried out, and is not history.", about };
    default:
      return {
        at,
        what: `A message came in by ${session.channel} (${session.kind}) and was stored.`,
        why: `It is known by ${message.keys.join(" and ")}: the same again counts as this one.`,
        about,
      };
  }
}

/** What made the bot, or an operator, speak: the key that makes it happen once says so. */
export function causeOf(keys: readonly string[]): string | null {
  const key = keys.find((candidate) => /^(event|schedule|trigger):/.test(candidate)) ?? keys[0];
  if (key === undefined) return null;
  const [kind = "", id = ""] = key.split(":");
  if (kind === "event") return `An event rule fired (${id}).`;
  if (kind === "schedule") return `A schedule came due (run ${id}).`;
  if (kind === "trigger") return `It was triggered over the API (${id}).`;
  return `It was asked for over the API (${key}).`;
}

function placed(message: AskedRow, session: SessionFacts): Fact {
  const about = { type: "message" as const, id: message.id };
  const isFirst = message.createdAt.getTime() === session.createdAt.getTime();
  const agent = `agent ${session.agent}, version ${session.agentVersion}`;
  if (!isFirst)
    return {
      at: message.createdAt,
      what: `It became message ${message.seq} of session ${session.id} (${agent}).`,
      why: whyThisSession(session),
      about,
    };
  const { previous } = session;
  return {
    at: message.createdAt,
    what: `It opened session ${session.id} (${agent}).`,
    why:
      previous === null
        ? "There was no open session it could belong to."
        : `Session ${previous.id} had ended (${previous.endReason ?? "no reason"}).`,
    about,
  };
}

function whyThisSession({ single, externalId }: SessionFacts): string {
  if (single) return "A user has one open session at a time on this channel.";
  if (externalId !== null) return `The platform's conversation ${externalId} is this session.`;
  return "The caller named the session.";
}

/** How long a version's agent waits for more messages; null where it answers each. */
export function collectWindow({ turns }: SessionFacts): string | null {
  const { policy, windowMs } = turns;
  if (policy !== "collect") return null;
  return durationInWords(typeof windowMs === "number" ? windowMs : 1500);
}
