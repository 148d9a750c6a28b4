import { inspect } from "node:util";
import type { Channel, ChannelContext } from "../../src/channels/channel.ts";
import type { ChannelDefinition } from "../../src/channels/channel-definition.ts";
import type { OfferedButtons } from "../../src/channels/channel-options.ts";
import type { RawRequest, WebhookResponse } from "../../src/channels/channel-webhook.ts";
import type { DeliveryReceipt } from "../../src/core/message/channel-event.ts";
import type { OutboundPart } from "../../src/core/message/outbound.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { memoryValues } from "../support/channel-values.ts";

/** Kinds of platform failures during a send. */
export type VendorFault =
  | "rate_limited"
  | "recipient_gone"
  | "credentials_revoked"
  /** The platform itself reports a failure. */
  | "server_error"
  /** No server listens, permanently. */
  | "unreachable"
  /** The send is carried out, but the connection breaks before the answer. */
  | "answer_lost";

/** A webhook request, or one that the platform is about to make. */
export type Posted = RawRequest | Promise<RawRequest>;

/** One channel with its platform, as the suite sees them. */
export interface ConformanceSubject extends AsyncDisposable {
  channel: Channel;
  definition: Pick<ChannelDefinition, "kind" | "capabilities" | "split">;
  /** The address at which the user of `inbound.message` writes. */
  address: string;
  /** Values that must never be visible outside. */
  secrets: readonly string[];
  /** Webhook requests as the platform makes them, signed unless the name tells otherwise. */
  inbound: {
    /** A new message of a user at `address`, with its own ids. */
    message(text: string): Posted;
    /** Messages with a missing signature, a wrong one, and a wrong one of the right length. */
    forged(text: string): RawRequest[];
    malformed(): RawRequest[];
    unknownEvents(): RawRequest[];
    /** Messages of this bot and of others. */
    fromBots(): RawRequest[];
  };
  platform: {
    /** The texts delivered to `address`, in order. */
    received(): string[];
    /** Makes the next send fail. */
    fail(fault: VendorFault): Promise<void>;
    openConnections(): number;
  };
  /** The answers of `receive`. */
  answers?: {
    /** The answer to a message. Absent: 200 with an empty body. */
    accepted?: WebhookResponse;
    /** Requests with which the platform checks the address, and the answers that it wants. */
    challenges?(): { request: RawRequest; response: WebhookResponse }[];
  };
  /** For platforms that we ask or connect to: the same channel without webhooks, not started. */
  intake?: {
    channel: Channel;
    /** A new message on the platform, which repeats it until it is confirmed. */
    say(text: string): void;
    /** Number of messages that are not confirmed. */
    unconfirmed(): number | Promise<number>;
    /** Breaks the connection without a word. */
    cut(): void;
  };
  /** For platforms that show buttons. */
  buttons?: {
    /** The labels below the newest message. */
    shown(): string[];
    /** A press of one of them, by the user of `inbound.message`. */
    press(nth: number): Posted;
    /** Impossible presses: of this message elsewhere, of other messages, of nothing. */
    forged(messageId: string): RawRequest[];
  };
  /** For platforms that report on sends. */
  receipts?: { of(externalId: string, state: DeliveryReceipt["state"]): Posted };
  /** For platforms on which people react to messages: the reactions of the user of `inbound.message` to a message of ours. */
  reactions?: {
    to(externalId: string, thumb: "up" | "down" | "other"): Posted;
    removed(externalId: string, thumb: "up" | "down"): Posted;
  };
  /** For platforms with a Stop button beside an unfinished answer: a press of it at `address`. */
  stopButton?(): Posted;
  /** For platforms with a limit for one conversation: makes the platform refuse the next send by it. */
  limitConversation?(): void;
  /** For platforms on which a message's text can notify people: the people that our messages notified. */
  notified?(): string[];
  /** For platforms that restrict the time of messages: makes the user's last message too old. */
  closeWindow?(): void;
  /** For platforms on which a user may have several conversations: a new message in the one with this name. */
  inThread?(text: string, thread: string): Posted;
  /** For platforms that show unfinished answers in messages that stay until they are removed. */
  streams?: {
    address: string;
    /** The visible messages, in order. */
    received(): string[];
    /** Makes the platform refuse to show the next one. */
    refuse(): void;
  };
}

export interface RecordedContext extends ChannelContext {
  /** Every value passed to `reportError`. */
  errors: (string | null)[];
}

/** Tools that the suite gives to a subject, and reads afterwards. */
export interface SubjectTools {
  log: Logger;
  logged(): unknown[];
  /** `accept` stores the events; without it nothing happens to them. */
  startContext(accept?: ChannelContext["accept"]): RecordedContext;
  /** The values that the channel keeps in the database. */
  values: ReturnType<typeof memoryValues>;
  /** Records the buttons that a message offered. */
  offer(messageId: string, offered: OfferedButtons): void;
  findButtons(messageId: string): Promise<OfferedButtons | null>;
  /** All forms in which a value could reach a log or a response. */
  show(value: unknown): string;
}

export function createSubjectTools(): SubjectTools {
  const lines: unknown[] = [];
  const offered = new Map<string, OfferedButtons>();
  const record = (fields: Record<string, unknown>, message: string) => {
    lines.push({ fields, message });
  };
  const log: Logger = { child: () => log, debug: record, info: record, warn: record, error: record };
  return {
    log,
    logged: () => lines,
    values: memoryValues(),
    startContext(accept = async () => undefined) {
      const errors: (string | null)[] = [];
      return {
        errors,
        reportError: (error) => void errors.push(error),
        accept,
        whileLeader(_name, task) {
          task(new AbortController().signal).catch((error: unknown) => record({ error }, "task failed"));
        },
      };
    },
    offer: (messageId, given) => void offered.set(messageId, given),
    findButtons: async (messageId) => offered.get(messageId) ?? null,
    show: (value) => inspect(value, { depth: 20, showHidden: true, getters: true }) + JSON.stringify(value),
  };
}

export function partOf(address: string, text: string): OutboundPart {
  return { deliveryId: "delivery", address, text, sessionId: "session", messageId: "message", part: 0 };
}

/** Sends parts one after another, as the delivery engine does. */
export async function sendAll(
  { channel, address }: ConformanceSubject,
  parts: readonly string[],
): Promise<void> {
  for (const [part, text] of parts.entries()) {
    const sent = { ...partOf(address, text), deliveryId: `delivery-${part}`, part };
    const result = await channel.send(sent, AbortSignal.timeout(10_000));
    if (result.kind !== "sent") throw new Error(`not sent: ${inspect(result)}`);
  }
}

/** The text that a cut must keep: everything except white space. */
export const withoutSpace = (text: string) => text.replace(/\s+/g, "");

/** The requests of a channel that accepts none by webhook. */
export function noInbound(kind: string): ConformanceSubject["inbound"] {
  const none = () => [];
  return {
    message: (text) => ({ method: "POST", url: `/webhooks/${kind}`, headers: {}, body: Buffer.from(text) }),
    forged: none,
    malformed: none,
    unknownEvents: none,
    fromBots: none,
  };
}
