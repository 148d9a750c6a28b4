import { createTroubles } from "../../core/faults/troubles.ts";
import type { ChannelEvent } from "../../core/message/channel-event.ts";
import { canCallUs } from "../../core/network/loopback.ts";
import type { Channel, ChannelOptions } from "../channel.ts";
import { createApiClient } from "../kit/api-client.ts";
import { describeFault } from "../kit/api-fault.ts";
import { askAgain } from "../kit/ask-again.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { findMedia } from "../twilio/media.ts";
import { field } from "../twilio/params.ts";
import { createRestApi } from "../twilio/rest-api.ts";
import { isSound } from "../twilio/sound-form.ts";
import { readStatus } from "../twilio/status.ts";
import { unproven } from "../webhook-request.ts";
import type { SmsConfig } from "./config.ts";
import { words } from "./errors.ts";
import { createInbound } from "./inbound.ts";
import { createOutbound } from "./outbound.ts";
import { checkHead, createVerifier, notAMessage } from "./verify.ts";

/** One number of a Twilio account. */
export function createSmsChannel(options: ChannelOptions<SmsConfig>): Channel {
  const { config, publicUrl, log } = options;
  const { authToken, secondaryAuthToken } = config;
  const webhookUrl = webhookUrlOf(options);
  let report: ((error: string | null) => void) | null = null;
  const troubles = createTroubles((error) => report?.(error));
  const client = createApiClient();
  const api = createRestApi(config, client);
  const statusUrl = canCallUs(publicUrl, config.apiBaseUrl) ? `${webhookUrl}/status` : null;
  const authTokens = secondaryAuthToken === undefined ? [authToken] : [authToken, secondaryAuthToken];
  const verify = createVerifier({ authTokens, publicUrl: publicUrl.url });
  const readMessage = createInbound({ config, log });
  const told = {
    words,
    hasTemplate: false,
    onTrouble: (trouble: string) => troubles.set("webhook", trouble),
  };
  const stopped = new AbortController();
  let checking: Promise<void> = Promise.resolve();

  async function check() {
    const fault = await api.check(stopped.signal);
    if (fault === null || stopped.signal.aborted) return null;
    const reason = describeFault(fault, words);
    log.warn({ reason }, "our Twilio account could not be asked for");
    return { words: reason };
  }

  return {
    inspect: (head) => checkHead(head) ?? unproven,
    async receive(request) {
      const verified = verify(request);
      if ("kind" in verified) return verified;
      const { params } = verified;
      const messageSid = field(params, "MessageSid");
      if (messageSid === undefined) return notAMessage;
      // A repeated status changes nothing, so a replay is harmless.
      if (field(params, "MessageStatus") !== undefined) {
        const events = readStatus(params, messageSid, request.url, told);
        if (events.some(hasArrived)) troubles.set("webhook", null);
        return { kind: "accepted", events };
      }
      if (!isSound(params)) return notAMessage;
      return { kind: "accepted", events: readMessage(params, messageSid), response: EMPTY_TWIML };
    },
    ...createOutbound({ api, statusUrl, log }),
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

/** A delivered message proves that the connection works again. */
const hasArrived = (event: ChannelEvent) => event.type === "receipt" && event.state !== "failed";

/** Replies go through the REST API, which tracks their delivery. This answer makes Twilio itself send nothing. */
const EMPTY_TWIML = {
  status: 200,
  contentType: "text/xml; charset=utf-8",
  body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
};
const SET_UP = 'the URL to enter in the Twilio console under "A message comes in", with method POST';
const HOW_TO_BE_REACHED =
  "Twilio cannot reach this channel: set CAUSEWAY_PUBLIC_URL to an https address of this service";
