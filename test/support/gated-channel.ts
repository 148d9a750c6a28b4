import { z } from "zod";
import {
  type Channel,
  type ChannelCapabilities,
  type ChannelDefinition,
  type ChannelOptions,
  defineChannel,
  type Received,
} from "../../src/channels/channel.ts";
import type { StreamTarget } from "../../src/core/live-stream.ts";
import type { OutboundPart, SendResult } from "../../src/core/outbound.ts";
import type { Reachability } from "../../src/core/reachability.ts";
import { eventually } from "./eventually.ts";

/** One send that reached the platform, waiting for the test (or the script) to say what became of it. */
export interface GatedSend {
  part: OutboundPart;
  signal: AbortSignal;
  settle(result: SendResult): void;
}

/** An answer shown while it was written. */
export interface GatedStream {
  target: StreamTarget;
  /** What was shown, newest last. */
  shown: string[];
  closed: boolean;
}

export interface GatedChannel {
  /** For `startTestApp({ kinds: { [kind]: channel.definition } })`. */
  definition: ChannelDefinition;
  /** Every send so far, in order. */
  sends: readonly GatedSend[];
  /** Every time the user was shown that an answer is being written. */
  typings: readonly string[];
  /** Every stream that was opened, in order; the preview of the nth stands as `preview-<n>`. */
  streams: readonly GatedStream[];
  /** Previews that had to be removed, each time. */
  removed: readonly string[];
  /** Waits for the `nth` send of this text (1 = first). */
  sending(text: string, nth?: number): Promise<GatedSend>;
}

/** What a test posts to `/webhooks/{channel}`: an unsigned platform, for what lies behind signatures. */
export interface GatedInbound {
  chat: string;
  text: string;
  /** What makes it the same event: one key, or all that it is known by. */
  key: string | [string, ...string[]];
  /** Names the session where a user may have several. */
  thread?: string;
}

let lastId = 0;

/** A channel at the seam that does with every send what a test says: `script` settles it or leaves it to the test. */
export function createGatedChannel(
  script: (send: GatedSend, nth: number) => void = (send) => send.settle(sent()),
  capabilities: Partial<ChannelCapabilities> = {},
  kind = "gated",
  /** Shows answers while they are written: whether the nth removal succeeds, and the nth preview holds still. */
  streaming: { removes?: (nth: number) => boolean; still?: (nth: number) => boolean } | null = null,
  /** What the platform allows for a user; nothing said, everything. */
  canReach?: (who: string) => Reachability | undefined,
): GatedChannel {
  const sends: GatedSend[] = [];
  const typings: string[] = [];
  const streams: GatedStream[] = [];
  const removed: string[] = [];
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
      send: (part, signal) =>
        new Promise((settle) => {
          const send = { part, signal, settle };
          sends.push(send);
          script(send, sends.filter((other) => other.part.deliveryId === part.deliveryId).length);
        }),
      typing: async (address) => {
        typings.push(address);
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
    removed,
    sending: (text, nth = 1) =>
      eventually(() => {
        const found = sends.filter((send) => send.part.text === text)[nth - 1];
        if (!found) throw new Error(`"${text}" was not sent ${nth} times`);
        return found;
      }),
  };
}

/** The platform took it. */
export function sent(): SendResult {
  return { kind: "sent", externalIds: [`sent-${++lastId}`] };
}

/** A thread belongs to the agent that answered in it last, as on Slack. */
async function toEvents(
  inbound: GatedInbound | GatedInbound[],
  findConversation: ChannelOptions<unknown>["findConversation"],
): Promise<Received> {
  const events = [inbound].flat().map(async ({ chat, text, key, thread }) => {
    const known = thread === undefined ? null : await findConversation?.(thread);
    return {
      type: "message" as const,
      eventKeys: typeof key === "string" ? ([key] as const) : key,
      conversation: { address: thread ?? chat, userIdentifier: chat, externalId: thread ?? null },
      ...(known ? { agent: known.agent } : {}),
      text,
    };
  });
  return { kind: "accepted", events: await Promise.all(events) };
}
