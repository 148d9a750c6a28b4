import { z } from "zod";
import type { Channel, TurnTarget } from "../../src/channels/channel.ts";
import type { ChannelCapabilities } from "../../src/channels/channel-capabilities.ts";
import { type ChannelDefinition, defineChannel } from "../../src/channels/channel-definition.ts";
import type { ChannelOptions } from "../../src/channels/channel-options.ts";
import type { Received } from "../../src/channels/channel-webhook.ts";
import type { DeliveryReceipt } from "../../src/core/message/channel-event.ts";
import type { InboundMessage } from "../../src/core/message/inbound-message.ts";
import type { StreamTarget } from "../../src/core/message/live-stream.ts";
import type { OutboundPart, SendResult, SilentOutcome } from "../../src/core/message/outbound.ts";
import type { Reachability } from "../../src/core/session/reachability.ts";
import { eventually } from "./eventually.ts";

/** One send that reached the platform. The test (or the script) decides its result. */
export interface GatedSend {
  part: OutboundPart;
  signal: AbortSignal;
  settle(result: SendResult): void;
}

/** An answer that is shown while it is written. */
export interface GatedStream {
  target: StreamTarget;
  /** The shown texts, newest last. */
  shown: string[];
  closed: boolean;
}

export interface GatedChannel {
  /** For `startTestApp({ kinds: { [kind]: channel.definition } })`. */
  definition: ChannelDefinition;
  /** Every send so far, in order. */
  sends: readonly GatedSend[];
  /** The address of every typing indicator, in order. */
  typings: readonly string[];
  /** Every opened stream, in order. The preview of the nth stream has the id `preview-<n>`. */
  streams: readonly GatedStream[];
  /** Turns reported to the channel as ended without a send. */
  ended: readonly { target: TurnTarget; outcome: SilentOutcome }[];
  /** Previews to remove, one entry per attempt. */
  removed: readonly string[];
  /** Waits for the `nth` send of this text (1 = first). */
  sending(text: string, nth?: number): Promise<GatedSend>;
}

/**
 * The body that a test posts to `/webhooks/{channel}`. The platform has no signature, because the tests check later
 * stages.
 */
export interface GatedInbound {
  chat: string;
  text: string;
  /** The key or keys that identify the event. */
  key: string | [string, ...string[]];
  /** Names the session on channels where a user may have several. */
  thread?: string;
  /** Other fields of the message; times are JSON strings. */
  more?: Omit<Partial<InboundMessage>, "sentAt"> & { sentAt?: string };
  /** Instead of an event: the platform's report on a send. */
  receipt?: Omit<DeliveryReceipt, "type">;
  /** Instead of an event: the channel cannot interpret the request now. */
  later?: { reason: string; retryAfterMs?: number };
}

let lastId = 0;

/** A test channel that handles every send as the test decides. `script` gives the result or leaves it to the test. */
export function createGatedChannel(
  script: (send: GatedSend, nth: number) => void = (send) => send.settle(sent()),
  capabilities: Partial<ChannelCapabilities> = {},
  kind = "gated",
  /**
   * Shows answers while they are written. The functions decide if the nth removal succeeds, and if the nth preview is
   * final.
   */
  streaming: { removes?: (nth: number) => boolean; still?: (nth: number) => boolean } | null = null,
  /** Reachability of a user by the platform; undefined: everything is allowed. */
  canReach?: (who: string) => Reachability | undefined,
): GatedChannel {
  const sends: GatedSend[] = [];
  const typings: string[] = [];
  const streams: GatedStream[] = [];
  const removed: string[] = [];
  const ended: { target: TurnTarget; outcome: SilentOutcome }[] = [];
  const textLimit = capabilities.textLimit ?? 1_000;
  const definition = defineChannel({
    kind,
    capabilities: {
      sessions: "single",
      resetCommand: true,
      textLimit,
      typingRefreshMs: null,
      receipts: false,
      buttons: null,
      profileVariables: [],
      ...capabilities,
    },
    configSchema: z.strictObject({}),
    split: (text) => text.match(new RegExp(`[^]{1,${textLimit}}`, "g")) ?? [],
    create: ({ findConversation }): Channel => ({
      ...(canReach
        ? { canReach: async (who: string) => canReach(who) ?? { kind: "reachable" as const } }
        : {}),
      receive: async ({ body }) => toEvents(JSON.parse(body.toString("utf8")), findConversation),
      fetchAttachment: async () => ({ kind: "failed", reason: "there are no files here", retry: false }),
      send: (part, signal) =>
        new Promise((settle) => {
          const send = { part, signal, settle };
          sends.push(send);
          script(send, sends.filter((other) => other.part.deliveryId === part.deliveryId).length);
        }),
      typing: async (address) => {
        typings.push(address);
      },
      turnEnded: async (target, outcome) => {
        ended.push({ target, outcome });
      },
      ...(streaming === null
        ? {}
        : {
            openStream(target) {
              const stream: GatedStream = { target, shown: [], closed: false };
              const nth = streams.push(stream);
              const preview = `preview-${nth}`;
              return {
                show(text) {
                  if (stream.shown.push(text) === 1) target.onStanding(preview);
                },
                async close() {
                  stream.closed = true;
                  return streaming.still?.(nth) ?? true;
                },
              };
            },
            async removePreview(_address, preview) {
              const nth = removed.push(preview);
              return streaming.removes?.(nth) ?? true;
            },
          }),
    }),
  });
  return {
    definition,
    sends,
    typings,
    streams,
    ended,
    removed,
    sending: (text, nth = 1) =>
      eventually(() => {
        const found = sends.filter((send) => send.part.text === text)[nth - 1];
        if (!found) throw new Error(`"${text}" was not sent ${nth} times`);
        return found;
      }),
  };
}

/** The platform accepted it. */
export function sent(): SendResult {
  return { kind: "sent", externalIds: [`sent-${++lastId}`] };
}

/** A thread belongs to the agent that last answered in it, as on Slack. */
async function toEvents(
  inbound: GatedInbound | GatedInbound[],
  findConversation: ChannelOptions<unknown>["findConversation"],
): Promise<Received> {
  const [{ later, receipt }] = [inbound].flat() as [GatedInbound];
  if (later) return { kind: "later", ...later };
  if (receipt) return { kind: "accepted", events: [{ type: "receipt", ...receipt }] };
  const events = [inbound].flat().map(async ({ chat, text, key, thread, more: { sentAt, ...more } = {} }) => {
    const known = thread === undefined ? null : await findConversation?.(thread);
    return {
      type: "message" as const,
      eventKeys: typeof key === "string" ? ([key] as const) : key,
      conversation: { address: thread ?? chat, userIdentifier: chat, externalKey: thread ?? null },
      ...(known ? { agent: known.agent } : {}),
      text,
      ...more,
      ...(sentAt === undefined ? {} : { sentAt: new Date(sentAt) }),
    };
  });
  return { kind: "accepted", events: await Promise.all(events) };
}
