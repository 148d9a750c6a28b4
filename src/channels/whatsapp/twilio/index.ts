import { canCallUs } from "../../../core/network/loopback.ts";
import { createApiClient } from "../../kit/api-client.ts";
import { createFinder } from "../../twilio/find-sent.ts";
import { findMedia } from "../../twilio/media.ts";
import { createRestApi } from "../../twilio/rest-api.ts";
import { createWebhook } from "../../twilio/webhook.ts";
import type { Provider, ProviderOptions } from "../provider.ts";
import type { TwilioConfig } from "./config.ts";
import { createInbound } from "./inbound.ts";
import { createOutbound } from "./outbound.ts";
import { words } from "./words.ts";

/** WhatsApp through Twilio. */
export function createTwilioProvider(options: ProviderOptions<TwilioConfig>): Provider {
  const { config, publicUrl, webhookUrl, log } = options;
  const { from, template } = config;
  const client = createApiClient();
  const api = createRestApi(config, { from }, client);
  const statusUrl = canCallUs(publicUrl, config.apiBaseUrl) ? `${webhookUrl}/status` : null;
  const webhook = createWebhook({
    account: config,
    publicUrl: publicUrl.url,
    status: { words, hasTemplate: template !== undefined, onTrouble: options.onTrouble },
    readMessage: createInbound({ from, log }),
  });

  return {
    words,
    ...webhook,
    ...createOutbound({ api, template, statusUrl }),
    // Twilio shows only buttons of templates, and each template must exist before.
    sendChoice: null,
    findSent: createFinder(api),
    findMedia: async (address) => findMedia(config, address),
    showTyping: (messageSid, signal) => api.showTyping(messageSid, signal),
    check: (signal) => api.check(signal),
    ownNumber: async () => from,
    setUp: 'the URL to enter in the Twilio console under "When a message comes in", with method POST',
    close: () => client.close(),
  };
}
