import type { PlatformName } from "../connection.ts";
import { withEventFaults } from "../wire/event-order.ts";
import { createOrder } from "../wire/in-order.ts";
import { isSuccess, postEvent } from "../wire/post-event.ts";
import type { World } from "../world.ts";
import type { AccountKeys } from "./account-calls.ts";
import { signatureOf } from "./signature.ts";
import { readTwiml } from "./twiml.ts";

/** A form for a webhook of the account. */
export interface TwilioForm {
  chat: string;
  url: string;
  name: string;
  params: Record<string, string>;
}

/** Twilio waits this long for the answer of a webhook. */
const PATIENCE_MS = 15_000;

/**
 * Posts forms to webhooks: signed, in the order of each chat.
 * @param reply gets each message that the answer to a user's message contains
 */
export function createTwilioWebhook(
  world: World,
  { platform, authToken }: Pick<AccountKeys, "authToken"> & { platform: PlatformName },
  reply: (to: string, text: string) => void,
): (form: TwilioForm) => void {
  const inOrder = createOrder();
  return withEventFaults(world, platform, ({ chat, url, name, params }: TwilioForm) => {
    const body = new URLSearchParams(params).toString();
    const headers = {
      "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
      "user-agent": "TwilioProxy/1.1",
      "i-twilio-idempotency-token": `${params.MessageSid ?? ""}-${name}`,
      "x-twilio-signature": signatureOf(authToken, url, params),
    };
    const attempt = () => postEvent(world, { platform, name, url, headers, body, timeoutMs: PATIENCE_MS });
    inOrder(chat, async () => {
      const first = await attempt();
      // Twilio repeats once, and only where there was no answer.
      const answer = first.status === null ? await attempt() : first;
      if (name !== "message" || !isSuccess(answer)) return;
      for (const text of readTwiml(answer.body)) if (text !== "") reply(chat, text);
    });
  });
}
