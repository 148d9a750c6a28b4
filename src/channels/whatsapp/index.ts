import { splitText } from "../../core/split-text.ts";
import {
  type Channel,
  type ChannelOptions,
  defineChannel,
  type RawRequest,
  type Received,
} from "../channel.ts";
import { checkAccount } from "./account.ts";
import { type WhatsappConfig, whatsappConfigSchema } from "./config.ts";
import { createInbound } from "./inbound.ts";
import { createOutbound, TEXT_LIMIT } from "./outbound.ts";
import { field } from "./params.ts";
import { createRecent } from "./recent.ts";
import { createRestApi } from "./rest-api.ts";
import { readStatus } from "./status.ts";
import { createTransport } from "./transport.ts";
import { createTyping, TYPING_REFRESH_MS } from "./typing.ts";
import { createVerifier, notAMessage } from "./verify.ts";

/** WhatsApp through Twilio. See README.md beside this file for set-up and rules. */
export const definition = defineChannel<WhatsappConfig>({
  kind: "whatsapp",
  capabilities: {
    sessions: "single",
    resetCommand: true,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: TYPING_REFRESH_MS,
    receipts: true,
    profileVariables: ["user_name"],
  },
  configSchema: whatsappConfigSchema,
  create: createWhatsappChannel,
  split: (text) => splitText(text, { limit: TEXT_LIMIT, fences: true }),
});

function createWhatsappChannel(options: ChannelOptions<WhatsappConfig>): Channel {
  const { config, publicUrl, log } = options;
  const transport = createTransport();
  const api = createRestApi(config, transport);
  const webhookUrl = `${publicUrl.url}/webhooks/${encodeURIComponent(options.name)}`;
  const { authToken, secondaryAuthToken } = config;
  const authTokens = secondaryAuthToken === undefined ? [authToken] : [authToken, secondaryAuthToken];
  const verify = createVerifier({ authTokens, publicUrl: publicUrl.url });
  const lastMessages = createRecent(REMEMBERED);
  const readMessage = createInbound({ from: config.from, lastMessages, log });
  const stopped = new AbortController();
  let checking: Promise<void> = Promise.resolve();

  async function receive(request: RawRequest): Promise<Received> {
    const verified = verify(request);
    if ("kind" in verified) return verified;
    const { params } = verified;
    const messageSid = field(params, "MessageSid") ?? field(params, "SmsMessageSid");
    if (messageSid === undefined) return notAMessage;
    if (field(params, "MessageStatus") !== undefined)
      return { kind: "accepted", events: readStatus(params, messageSid) };
    return { kind: "accepted", events: readMessage(params, messageSid), response: EMPTY_TWIML };
  }

  return {
    receive,
    send: createOutbound({
      api,
      template: config.template,
      statusUrl: publicUrl.isPublic ? `${webhookUrl}/status` : null,
      lastUserMessageAt: options.lastUserMessageAt ?? (async () => null),
    }),
    typing: createTyping({ api, lastMessages, log }),
    async start(context) {
      if (publicUrl.isPublic) log.info({ webhookUrl }, TELL_TWILIO);
      else log.info({ channel: options.name }, HOW_TO_BE_REACHED);
      const onTrouble = (words: string | null) => context.reportError(words);
      checking = checkAccount(api, onTrouble, log, stopped.signal);
    },
    async stop() {
      stopped.abort();
      await checking;
      await transport.close();
    },
  };
}

/** Conversations with something going on, more than any process has at a time. */
const REMEMBERED = 10_000;

/** Replies go out by the REST API, where their delivery is tracked: Twilio is told to say nothing itself. */
const EMPTY_TWIML = {
  status: 200,
  contentType: "text/xml; charset=utf-8",
  body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
};

const TELL_TWILIO =
  'the URL to enter in the Twilio console under "When a message comes in", with method POST';
const HOW_TO_BE_REACHED =
  "Twilio cannot reach this channel: set CAUSEWAY_PUBLIC_URL to an https address of this service";
