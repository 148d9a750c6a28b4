import { createTroubles } from "../../core/faults/troubles.ts";
import { canCallUs } from "../../core/network/loopback.ts";
import type { Channel } from "../channel.ts";
import type { ChannelOptions } from "../channel-options.ts";
import { createApiClient } from "../kit/api-client.ts";
import { describeFault } from "../kit/api-fault.ts";
import { askAgain } from "../kit/ask-again.ts";
import { hasArrived } from "../kit/has-arrived.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { findMedia } from "../twilio/media.ts";
import { createRestApi } from "../twilio/rest-api.ts";
import type { SmsConfig } from "./config.ts";
import { words } from "./errors.ts";
import { createInbound } from "./inbound.ts";
import { createOutbound } from "./outbound.ts";
import { senderOf } from "./sender.ts";
import { createWebhook } from "./verify.ts";

/** One number of a Twilio account. */
export function createSmsChannel(options: ChannelOptions<SmsConfig>): Channel {
  const { config, publicUrl, log } = options;
  const webhookUrl = webhookUrlOf(options);
  let report: ((error: string | null) => void) | null = null;
  const troubles = createTroubles((error) => report?.(error));
  const client = createApiClient();
  const api = createRestApi(config, senderOf(config), client);
  const statusUrl = canCallUs(publicUrl, config.apiBaseUrl) ? `${webhookUrl}/status` : null;
  const onTrouble = (trouble: string) => troubles.set("webhook", trouble);
  const webhook = createWebhook({
    account: config,
    publicUrl: publicUrl.url,
    status: { words, hasTemplate: false, onTrouble },
    readMessage: createInbound({ config, log }),
  });
  const stopped = new AbortController();
  let checking: Promise<void> = Promise.resolve();

  async function check() {
    const fault = await api.check(stopped.signal);
    if (fault === null || stopped.signal.aborted) return null;
    const reason = describeFault(fault, words);
    log.warn({ reason }, "could not ask for our Twilio account");
    return { words: reason };
  }

  return {
    inspect: webhook.inspect,
    async receive(request) {
      const received = webhook.receive(request);
      if (received.kind === "accepted" && received.events.some(hasArrived)) troubles.set("webhook", null);
      return received;
    },
    ...createOutbound({ config, api, statusUrl, log }),
    fetchAttachment: async (platformId) => findMedia(config, platformId),
    async start(context) {
      report = (error) => context.reportError(error);
      if (publicUrl.isPublic) log.info({ webhookUrl }, SET_UP);
      else log.info({}, HOW_TO_BE_REACHED);
      checking = askAgain(check, (trouble) => troubles.set("account", trouble), stopped.signal);
    },
    async stop() {
      stopped.abort();
      await checking;
      await client.close();
    },
  };
}

const SET_UP = 'the URL to enter in the Twilio console under "A message comes in", with method POST';
const HOW_TO_BE_REACHED =
  "Twilio cannot reach this channel: set CAUSEWAY_PUBLIC_URL to an https address of this service";
