import { inspect } from "node:util";
import type {
  Channel,
  ChannelContext,
  ChannelDefinition,
  OfferedButtons,
  RawRequest,
} from "../../src/channels/channel.ts";
import type { DeliveryReceipt } from "../../src/core/channel-event.ts";
import type { Logger } from "../../src/core/logger.ts";
import type { OutboundPart } from "../../src/core/outbound.ts";

/** Ways a platform lets a send down. */
export type VendorFault =
  | "rate_limited"
  | "recipient_gone"
  | "credentials_revoked"
  /** The platform says itself that it failed. */
  | "server_error"
  /** Nothing listens; lasts. */
  | "unreachable"
  /** The send is carried out, the connection breaks before the answer. */
  | "answer_lost";

/** One channel and the platform it is connected to, as the suite sees them. */
export interface ConformanceSubject extends AsyncDisposable {
  channel: Channel;
  definition: Pick<ChannelDefinition, "kind" | "capabilities" | "split">;
  /** Where the user of `inbound.message` writes. */
  address: string;
  /** What must never be seen outside. */
  secrets: readonly string[];
  /** Webhook requests as the platform makes them; signed unless the name says otherwise. */
  inbound: {
    /** A new message of a user at `address`, with ids of its own. */
    message(text: string): RawRequest;
    /** Messages with the signature missing, wrong, and of the right length but wrong. */
    forged(text: string): RawRequest[];
    malformed(): RawRequest[];
    unknownEvents(): RawRequest[];
    /** Messages of this bot and of others. */
    fromBots(): RawRequest[];
  };
  platform: {
    /** The texts delivered to `address`, in order. */
    received(): string[];
    /** Makes the next send go wrong. */
    fail(fault: VendorFault): Promise<void>;
    openConnections(): number;
  };
  /** Where the platform shows buttons. */
  buttons?: {
    /** The labels below the newest message. */
    shown(): string[];
    /** A press of one of them, by the user of `inbound.message`. */
    press(nth: number): RawRequest;
    /** Presses that cannot have been made: of this message elsewhere, of others, of nothing. */
    forged(messageId: string): RawRequest[];
  };
  /** Where the platform reports on sends. */
  receipts?: { of(externalId: string, state: DeliveryReceipt["state"]): RawRequest };
  /** Where not everything may be said at any time: lets the user's last message be too long ago. */
  closeWindow?(): void;
  /** Where a user may have several conversations: a new message in the one of this name. */
  inThread?(text: string, thread: string): RawRequest;
  /** Where answers are shown while they are written, by messages that do not go away by themselves. */
  streams?: {
    address: string;
    /** What stands there now, in order. */
    received(): string[];
    /** Makes the platform refuse to show the next one. */
    refuse(): void;
  };
}

export interface RecordedContext extends ChannelContext {
  /** Everything `reportError` was told. */
  errors: (string | null)[];
}

/** What the suite hands to a subject, and looks into afterwards. */
export interface SubjectTools {
  log: Logger;
  logged(): unknown[];
  startContext(): RecordedContext;
  /** Makes the service know what a message offered. */
  offer(messageId: string, offered: OfferedButtons): void;
  findButtons(messageId: string): Promise<OfferedButtons | null>;
  /** Every way a value could end up in a log or a response. */
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
    startContext() {
      const errors: (string | null)[] = [];
      return {
        errors,
        reportError: (error) => void errors.push(error),
        accept: async () => undefined,
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

/** Sends parts one after the other, as the delivery lane does. */
export async function sendAll(
  { channel, address }: ConformanceSubject,
  parts: readonly string[],
): Promise<void> {
  for (const text of parts) {
    const result = await channel.send(partOf(address, text), AbortSignal.timeout(10_000));
    if (result.kind !== "sent") throw new Error(`not sent: ${inspect(result)}`);
  }
}

/** What a cut may not lose: everything but white space. */
export const withoutSpace = (text: string) => text.replace(/\s+/g, "");

/** The requests of a channel that takes none by webhook. */
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
