import { canCallUs } from "../../../core/network/loopback.ts";
import type { RawRequest, Received } from "../../channel.ts";
import { createApiClient } from "../../kit/api-client.ts";
import { createFinder } from "../../twilio/find-sent.ts";
import { findMedia } from "../../twilio/media.ts";
import { field } from "../../twilio/params.ts";
import { createRestApi } from "../../twilio/rest-api.ts";
import { isSound } from "../../twilio/sound-form.ts";
import { readStatus } from "../../twilio/status.ts";
import { checkHead, createVerifier, notAMessage } from "../../twilio/verify.ts";
import { unproven } from "../../webhook-request.ts";
import type { Provider, ProviderOptions } from "../provider.ts";
import type { TwilioConfig } from "./config.ts";
import { createInbound } from "./inbound.ts";
import { createOutbound } from "./outbound.ts";
import { words } from "./words.ts";

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
  const told = { words, hasTemplate: template !== undefined, onTrouble: options.onTrouble };

  function receive(request: RawRequest): Received {
    const verified = verify(request);
    if ("kind" in verified) return verified;
    const { params } = verified;
    const messageSid = field(params, "MessageSid");
    if (messageSid === undefined) return notAMessage;
    // A repeated status changes nothing, so a replay is harmless.
    if (field(params, "MessageStatus") !== undefined)
      return { kind: "accepted", events: readStatus(params, messageSid, request.url, told) };
    if (!isSound(params)) return notAMessage;
    return { kind: "accepted", events: readMessage(params, messageSid), response: EMPTY_TWIML };
  }

  return {
    words,
    inspect: (head) => checkHead(head) ?? unproven,
    receive,
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

/** Replies go through the REST API, which tracks their delivery. This answer makes Twilio itself send nothing. */
const EMPTY_TWIML = {
  status: 200,
  contentType: "text/xml; charset=utf-8",
  body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
};
