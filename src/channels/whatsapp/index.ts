import { MARKDOWN_CUTS } from "../../core/text/markdown/blocks.ts";
import { splitText } from "../../core/text/split-text.ts";
import type { Channel } from "../channel.ts";
import { defineChannel } from "../channel-definition.ts";
import type { ChannelOptions } from "../channel-options.ts";
import { hasArrived } from "../kit/has-arrived.ts";
import { isLater } from "../kit/later.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { TWILIO_TEXT_LIMIT } from "../twilio/create-message.ts";
import { checkAccount } from "./account.ts";
import { otherFormsOf, toAddress } from "./address.ts";
import { type WhatsappConfig, whatsappConfigSchema } from "./config.ts";
import { createMetaProvider } from "./meta/index.ts";
import { META_BUTTON_SUPPORT } from "./meta/interactive.ts";
import { META_TEXT_LIMIT } from "./meta/outbound.ts";
import { createOptOuts } from "./opt-out.ts";
import { createOutbound } from "./outbound.ts";
import { createOutside } from "./outside-window.ts";
import { readPresses } from "./press.ts";
import type { Provider } from "./provider.ts";
import { simulated } from "./simulated.ts";
import { createTyping, TYPING_REFRESH_MS } from "./typing.ts";

const capabilities = {
  sessions: "single",
  resetCommand: true,
  // The smallest limit of all providers. `variant` gives the limit of the configured one.
  textLimit: TWILIO_TEXT_LIMIT,
  typingRefreshMs: TYPING_REFRESH_MS,
  receipts: true,
  parks: true,
  speaks: true,
  buttons: null,
  profileVariables: ["user_name"],
} as const;

/** WhatsApp, through Twilio or Meta's Cloud API. See README.md in this folder for set-up and rules. */
export const definition = defineChannel<WhatsappConfig, Promise<Channel>>({
  kind: "whatsapp",
  capabilities,
  configSchema: whatsappConfigSchema,
  create: createWhatsappChannel,
  diagnose: async (options) => (await import("./diagnose.ts")).diagnose(options),
  split: (text, format) => split(text, TWILIO_TEXT_LIMIT, format),
  identifierOf: toAddress,
  otherNamesOf: otherFormsOf,
  simulated,
  connection(config) {
    return config.provider === "meta"
      ? { key: "phoneNumberId", name: `meta ${config.phoneNumberId}`, exclusive: false }
      : { key: "from", name: `twilio ${config.accountSid} ${config.from}`, exclusive: false };
  },
  variant({ provider }) {
    const [textLimit, buttons] =
      provider === "meta" ? [META_TEXT_LIMIT, META_BUTTON_SUPPORT] : [TWILIO_TEXT_LIMIT, null];
    return {
      capabilities: { ...capabilities, textLimit, buttons },
      split: (text, format) => split(text, textLimit, format),
    };
  },
});

function split(text: string, limit: number, format?: "text"): string[] {
  return splitText(text, { limit, ...(format !== "text" && MARKDOWN_CUTS) });
}

async function createWhatsappChannel(options: ChannelOptions<WhatsappConfig>): Promise<Channel> {
  const { config, publicUrl, log, lastUserMessage, findButtons } = options;
  const webhookUrl = webhookUrlOf(options);
  let report: (error: string | null) => void = () => undefined;
  const troubles = { account: null, webhook: null } as Record<"account" | "webhook", string | null>;
  const tell = (where: keyof typeof troubles, words: string | null) => {
    troubles[where] = words;
    report([troubles.account, troubles.webhook].filter((each) => each !== null).join("; ") || null);
  };
  const provider = await createProvider(options, webhookUrl, (words) => tell("webhook", words));
  const readOptOuts = createOptOuts(config.optOutWords, log);
  const stopped = new AbortController();
  let checking: Promise<void> = Promise.resolve();

  return {
    inspect: (head) => provider.inspect(head),
    async receive(request) {
      const received = provider.receive(request);
      if (received.kind !== "accepted") return received;
      const events = await readPresses(received.events, findButtons);
      if (isLater(events)) return events;
      if (troubles.webhook !== null && events.some(hasArrived)) tell("webhook", null);
      return { ...received, events: readOptOuts(events) };
    },
    ...createOutbound({
      provider,
      outside: createOutside({
        sendTemplate: provider.sendTemplate,
        isMarketing: config.template?.category === "marketing",
        refusesMarketing: (user) => options.refusesMarketing(user),
      }),
      lastUserMessageAt: async (address) => (await lastUserMessage(address))?.at ?? null,
    }),
    typing: createTyping({
      provider,
      lastEventKeys: async (address) => (await lastUserMessage(address))?.eventKeys ?? [],
      log,
    }),
    async linkWith(code, signal) {
      const number = (await provider.ownNumber(signal))?.replace(/\D/g, "") ?? "";
      return number === "" ? null : `https://wa.me/${number}?text=${code}`;
    },
    fetchAttachment: (platformId, signal) => provider.findMedia(platformId, signal),
    async start(context) {
      if (publicUrl.isPublic) log.info({ webhookUrl }, provider.setUp);
      else log.info({}, HOW_TO_BE_REACHED);
      report = (error) => context.reportError(error);
      checking = checkAccount(provider, (words) => tell("account", words), log, stopped.signal);
    },
    async stop() {
      stopped.abort();
      await checking;
      await provider.close();
    },
  };
}

/** Twilio's SDK takes a third of a second and 30 MB to load. Only a channel that needs it loads it. */
async function createProvider(
  options: ChannelOptions<WhatsappConfig>,
  webhookUrl: string,
  onTrouble: (words: string) => void,
): Promise<Provider> {
  const { config, publicUrl, log } = options;
  const common = { publicUrl, log, webhookUrl, onTrouble };
  if (config.provider === "meta") return createMetaProvider({ ...common, config });
  const { createTwilioProvider } = await import("./twilio/index.ts");
  return createTwilioProvider({ ...common, config });
}

const HOW_TO_BE_REACHED =
  "WhatsApp cannot reach this channel: set CAUSEWAY_PUBLIC_URL to an https address of this service";
