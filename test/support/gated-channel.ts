import { z } from "zod";
import {
  type ChannelCapabilities,
  type ChannelDefinition,
  defineChannel,
  type OutboundPart,
  type Received,
  type SendResult,
} from "../../src/channels/channel.ts";
import { eventually } from "./eventually.ts";

/** One send that reached the platform, waiting for the test (or the script) to say what became of it. */
export interface GatedSend {
  part: OutboundPart;
  signal: AbortSignal;
  settle(result: SendResult): void;
}

export interface GatedChannel {
  /** For `startTestApp({ kinds: { [kind]: channel.definition } })`. */
  definition: ChannelDefinition;
  /** Every send so far, in order. */
  sends: readonly GatedSend[];
  /** Every time the user was shown that an answer is being written. */
  typings: readonly string[];
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
): GatedChannel {
  const sends: GatedSend[] = [];
  const typings: string[] = [];
  const textLimit = capabilities.textLimit ?? 1_000;
  const definition = defineChannel({
    kind,
    capabilities: {
      sessions: "single",
      resetCommand: true,
      textLimit,
      typingRefreshMs: null,
      receipts: false,
      profileVariables: [],
      ...capabilities,
    },
    configSchema: z.strictObject({}),
    split: (text) => text.match(new RegExp(`[^]{1,${textLimit}}`, "g")) ?? [],
    create: () => ({
      receive: async ({ body }) => toEvents(JSON.parse(body.toString("utf8"))),
      send: (part, signal) =>
        new Promise((settle) => {
          const send = { part, signal, settle };
          sends.push(send);
          script(send, sends.filter((other) => other.part.deliveryId === part.deliveryId).length);
        }),
      typing: async (address) => {
        typings.push(address);
      },
    }),
  });
  return {
    definition,
    sends,
    typings,
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

function toEvents(inbound: GatedInbound | GatedInbound[]): Received {
  const events = [inbound].flat().map(({ chat, text, key, thread }) => ({
    type: "message" as const,
    eventKeys: typeof key === "string" ? ([key] as const) : key,
    conversation: { address: thread ?? chat, userIdentifier: chat, externalId: thread ?? null },
    text,
  }));
  return { kind: "accepted", events };
}
