import { formattedSpans } from "../../core/markdown/blocks.ts";
import { splitText } from "../../core/split-text.ts";
import { type Channel, type ChannelOptions, defineChannel } from "../channel.ts";
import { checkAccount } from "./account.ts";
import { toAddress } from "./address.ts";
import { type WhatsappConfig, whatsappConfigSchema } from "./config.ts";
import { diagnose } from "./diagnose.ts";
import { createMetaProvider, META_BUTTON_SUPPORT, META_TEXT_LIMIT } from "./meta/index.ts";
import { createOutbound } from "./outbound.ts";
import { readPresses } from "./press.ts";
import type { Provider } from "./provider.ts";
import { createTwilioProvider, TWILIO_TEXT_LIMIT } from "./twilio/index.ts";
import { createTyping, TYPING_REFRESH_MS } from "./typing.ts";

const capabilities = {
  sessions: "single",
  resetCommand: true,
  // The least that any provider takes; `variant` says what the configured one does.
  textLimit: TWILIO_TEXT_LIMIT,
  typingRefreshMs: TYPING_REFRESH_MS,
  receipts: true,
  parks: true,
  buttons: null,
  profileVariables: ["user_name"],
} as const;

/** WhatsApp, through Twilio or Meta's Cloud API. See README.md beside this file for set-up and rules. */
export const definition = defineChannel<WhatsappConfig>({
  kind: "whatsapp",
  capabilities,
  configSchema: whatsappConfigSchema,
  create: createWhatsappChannel,
  diagnose,
  split: (text) => split(text, TWILIO_TEXT_LIMIT),
  identifierOf: toAddress,
  variant({ provider }) {
    const [textLimit, buttons] =
      provider === "meta" ? [META_TEXT_LIMIT, META_BUTTON_SUPPORT] : [TWILIO_TEXT_LIMIT, null];
    return { capabilities: { ...capabilities, textLimit, buttons }, split: (text) => split(text, textLimit) };
  },
});

function split(text: string, limit: number): string[] {
  return splitText(text, { limit, fences: true, keepTogether: formattedSpans });
}

function createWhatsappChannel(options: ChannelOptions<WhatsappConfig>): Channel {
  const { name, publicUrl, log } = options;
  const webhookUrl = `${publicUrl.url}/webhooks/${encodeURIComponent(name)}`;
  const provider = createProvider(options, webhookUrl);
  const lastMessage = options.lastUserMessage ?? (async () => null);
  const findButtons = options.findButtons ?? (async () => null);
  const stopped = new AbortController();
  let checking: Promise<void> = Promise.resolve();

  return {
    async receive(request) {
      const received = provider.receive(request);
      if (received.kind === "rejected") return received;
      return { ...received, events: await readPresses(received.events, findButtons) };
    },
    ...createOutbound({
      provider,
      lastUserMessageAt: async (address) => (await lastMessage(address))?.at ?? null,
    }),
    typing: createTyping({
      provider,
      lastEventKeys: async (address) => (await lastMessage(address))?.eventKeys ?? [],
      log,
    }),
    fetchAttachment: (platformId, signal) => provider.findMedia(platformId, signal),
    async start(context) {
      if (publicUrl.isPublic) log.info({ webhookUrl }, provider.setUp);
      else log.info({}, HOW_TO_BE_REACHED);
      checking = checkAccount(provider, (words) => context.reportError(words), log, stopped.signal);
    },
    async stop() {
      stopped.abort();
      await checking;
      await provider.close();
    },
  };
}

function createProvider(options: ChannelOptions<WhatsappConfig>, webhookUrl: string): Provider {
  const { config, publicUrl, log } = options;
  const common = { publicUrl, log, webhookUrl };
  return config.provider === "meta"
    ? createMetaProvider({ ...common, config })
    : createTwilioProvider({ ...common, config });
}

const HOW_TO_BE_REACHED =
  "WhatsApp cannot reach this channel: set CAUSEWAY_PUBLIC_URL to an https address of this service";
