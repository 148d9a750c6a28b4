import { canCallUs } from "../../../core/loopback.ts";
import type { RawRequest, Received } from "../../channel.ts";
import { createApiClient } from "../api-client.ts";
import type { Provider, ProviderOptions } from "../provider.ts";
import { twilioWords } from "./codes.ts";
import type { TwilioConfig } from "./config.ts";
import { createFinder } from "./find-sent.ts";
import { createInbound } from "./inbound.ts";
import { findMedia } from "./media.ts";
import { createOutbound } from "./outbound.ts";
import { field } from "./params.ts";
import { createRestApi } from "./rest-api.ts";
import { readStatus } from "./status.ts";
import { createVerifier, notAMessage } from "./verify.ts";

export { TWILIO_TEXT_LIMIT } from "./outbound.ts";

/** WhatsApp through Twilio. */
export function createTwilioProvider(options: ProviderOptions<TwilioConfig>): Provider {
  const { config, publicUrl, webhookUrl, log } = options;
  const { authToken, secondaryAuthToken, from, template } = config;
  const client = createApiClient();
  const api = createRestApi(config, client);
  const statusUrl = canCallUs(publicUrl, config.apiBaseUrl) ? `${webhookUrl}/status` : null;
  const authTokens = secondaryAuthToken === undefined ? [authToken] : [authToken, secondaryAuthToken];
  const verify = createVerifier({ authTokens, publicUrl: publicUrl.url });
  const readMessage = createInbound({ from, log });

  function receive(request: RawRequest): Received {
    const verified = verify(request);
    if ("kind" in verified) return verified;
    const { params } = verified;
    const messageSid = field(params, "MessageSid") ?? field(params, "SmsMessageSid");
    if (messageSid === undefined) return notAMessage;
    if (field(params, "MessageStatus") !== undefined)
      return { kind: "accepted", events: readStatus(params, messageSid, request.url) };
    return { kind: "accepted", events: readMessage(params, messageSid), response: EMPTY_TWIML };
  }

  return {
    words: twilioWords,
    receive,
    ...createOutbound({ api, template, statusUrl }),
    // Twilio shows buttons of templates only, each made and named before.
    sendChoice: null,
    findSent: createFinder(api),
    findMedia: async (address) => findMedia(config, address),
    showTyping: (messageSid, signal) => api.showTyping(messageSid, signal),
    check: (signal) => api.check(signal),
    setUp: 'the URL to enter in the Twilio console under "When a message comes in", with method POST',
    close: () => client.close(),
  };
}

/** Replies go out by the REST API, where their delivery is tracked: Twilio is told to say nothing itself. */
const EMPTY_TWIML = {
  status: 200,
  contentType: "text/xml; charset=utf-8",
  body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
};
