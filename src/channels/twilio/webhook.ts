import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { RawRequest, Received, RequestHead } from "../channel-webhook.ts";
import { unproven } from "../webhook-request.ts";
import type { TwilioAccount } from "./account.ts";
import { type FormParams, field } from "./params.ts";
import { isSound } from "./sound-form.ts";
import { readStatus, type StatusDeps } from "./status.ts";
import { checkHead, createVerifier, notAMessage } from "./verify.ts";

export interface WebhookDeps {
  account: Pick<TwilioAccount, "authToken" | "secondaryAuthToken">;
  publicUrl: string;
  status: StatusDeps;
  /** Turns a message into events. */
  readMessage(params: FormParams, messageSid: string): ChannelEvent[];
}

/** Takes what Twilio posts for a channel: messages of users, and reports about our sends. */
export function createWebhook({ account, publicUrl, status, readMessage }: WebhookDeps) {
  const { authToken, secondaryAuthToken } = account;
  const authTokens = secondaryAuthToken === undefined ? [authToken] : [authToken, secondaryAuthToken];
  const verify = createVerifier({ authTokens, publicUrl });

  return {
    inspect: (head: RequestHead) => checkHead(head) ?? unproven,
    receive(request: RawRequest): Received {
      const verified = verify(request);
      if ("kind" in verified) return verified;
      const { params } = verified;
      const messageSid = field(params, "MessageSid");
      if (messageSid === undefined) return notAMessage;
      // A repeated status changes nothing, so a replay is harmless.
      if (field(params, "MessageStatus") !== undefined)
        return { kind: "accepted", events: readStatus(params, messageSid, request.url, status) };
      if (!isSound(params)) return notAMessage;
      return { kind: "accepted", events: readMessage(params, messageSid), response: EMPTY_TWIML };
    },
  };
}

/** Replies go through the REST API, which tracks their delivery. This answer makes Twilio itself send nothing. */
const EMPTY_TWIML = {
  status: 200,
  contentType: "text/xml; charset=utf-8",
  body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
};
