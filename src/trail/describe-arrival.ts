import type { StoredReference } from "../core/message/message-context.ts";
import { describeHearing } from "./describe-voice.ts";
import { between, count, durationInWords, type Fact } from "./fact.ts";
import type { QuestionRow, SessionFacts, TrailRows } from "./trail-rows.ts";

/** Smallest delay on the platform's side that is mentioned, in milliseconds. Most platforms report whole seconds. */
const NOTABLE_DELAY_MS = 5_000;

/** Describes how the messages of a turn arrived, and why they belong to this session. */
export function describeArrival({ questions, session, attachments }: TrailRows): Fact[] {
  return [
    ...questions.flatMap((message) => [
      ...authorFacts(message, session),
      arrivalFact(message, session),
      sessionFact(message, session),
      ...editFacts(message),
      ...describeHearing(message),
    ]),
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

function arrivalFact(message: QuestionRow, session: SessionFacts): Fact {
  const at = message.createdAt;
  const about = { type: "message" as const, id: message.id };
  const cause = causeOf(message.keys);
  switch (message.origin) {
    case "instruction":
      return { at, what: "The bot was asked to write a message.", why: cause, about };
    case "command":
      return {
        at,
        what: message.listenedAt === null ? "The user wrote /reset." : "The user said /reset.",
        why: "The reset runs. It is not part of the history.",
        about,
      };
    default:
      return {
        at,
        what: `A message arrived on ${session.channel} (${session.kind}) and was stored.`,
        why: `It has the key ${message.keys.join(" and ")}. A repeated event with this key is the same message.`,
        about,
      };
  }
}

/** Describes the platform's data of a message: its author, its time, and the messages that it refers to. */
function authorFacts(message: QuestionRow, session: SessionFacts): Fact[] {
  const { sentAt, author, references, collectsParts, createdAt } = message;
  const about = { type: "message" as const, id: message.id };
  const facts: Fact[] = [];
  if (sentAt !== null) {
    const lateMs = between(sentAt, createdAt);
    const why = lateMs < NOTABLE_DELAY_MS ? null : `It arrived ${durationInWords(lateMs)} later.`;
    facts.push({ at: sentAt, what: `The message was written, by the clock of ${session.kind}.`, why, about });
  }
  const details = [
    ...(author === null ? [] : [`${author.name ?? author.identifier} wrote it`]),
    ...(references?.length
      ? [`it refers to ${count(references.length, "message", "messages")}: ${kindsOf(references)}`]
      : []),
  ].join("; ");
  if (details !== "")
    facts.push({
      at: createdAt,
      what: `${details.charAt(0).toUpperCase()}${details.slice(1)}.`,
      why: null,
      about,
    });
  if (collectsParts && message.keys.length > 1)
    facts.push({
      at: createdAt,
      what: `${count(message.keys.length, "platform key belongs", "platform keys belong")} to this message.`,
      why: "Parts of an album, and events of one message, join it until its turn begins.",
      about,
    });
  return facts;
}

function editFacts({ id, editedAt, lateEditAt }: QuestionRow): Fact[] {
  const edits = [
    [editedAt, "The user rewrote the message.", "Its turn had not begun, so the bot got the new words only."],
    [
      lateEditAt,
      "The user rewrote the message too late.",
      "Words change only while a message waits for the bot, and never in an album. The new ones are not kept.",
    ],
  ] as const;
  return edits.flatMap(([time, what, why]) => {
    const at = new Date(time ?? Number.NaN);
    return Number.isNaN(at.getTime()) ? [] : [{ at, what, why, about: { type: "message" as const, id } }];
  });
}

function kindsOf(references: readonly StoredReference[]): string {
  return [...new Set(references.map(({ kind }) => kind))].join(", ");
}

/** The cause of a message from the bot or an operator. The idempotency key contains it. */
export function causeOf(keys: readonly string[]): string | null {
  const key = keys.find((candidate) => /^(event|schedule|trigger):/.test(candidate)) ?? keys[0];
  if (key === undefined) return null;
  const [kind = "", id = ""] = key.split(":");
  if (kind === "event") return `An event rule fired (${id}).`;
  if (kind === "schedule") return `A schedule was due (run ${id}).`;
  if (kind === "trigger") return `It was triggered over the API (${id}).`;
  return `It was requested over the API (${key}).`;
}

function sessionFact(message: QuestionRow, session: SessionFacts): Fact {
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
        ? "There was no open session for it."
        : `Session ${previous.id} had ended (${previous.endReason ?? "no reason"}).`,
    about,
  };
}

function whyThisSession({ single, externalKey }: SessionFacts): string {
  if (single) return "A user has one open session at a time on this channel.";
  if (externalKey !== null) return `The platform's conversation ${externalKey} is this session.`;
  return "The caller named the session.";
}

/** Time for which a version's agent collects messages. Null if it answers each message. */
export function collectWindow({ turns }: SessionFacts): string | null {
  const { policy, windowMs } = turns;
  if (policy !== "collect") return null;
  return durationInWords(typeof windowMs === "number" ? windowMs : 1500);
}
