import { ok, refuse } from "../twilio/answers.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";
import type { ApiCall } from "../wire/api-call.ts";
import { RCS, rcsSenderOf, type SmsAccount, type SmsLine } from "./account.ts";

const PAGE = { page: 0, page_size: 50, next_page_url: null, key: "senders" };

/** Answers calls about the number, the RCS sender and the Messaging Service. Null: there is no such call. */
export function createSmsCalls(account: SmsAccount, line: SmsLine) {
  function senders(): object {
    const sender = rcsSenderOf(account);
    const webhook = { callback_url: line.webhookUrl, callback_method: "POST" };
    const senders = sender === null ? [] : [{ sid: "XE0", sender_id: sender, status: "ONLINE", webhook }];
    return { senders, meta: PAGE };
  }

  function numbers(wanted: string | null): object {
    const { from } = account;
    const isAsked = !from.startsWith(RCS) && (wanted === null || wanted === from);
    const number = { sid: "PN0", phone_number: from, sms_url: line.webhookUrl, sms_method: "POST" };
    return { incoming_phone_numbers: isAsked ? [number] : [] };
  }

  function service(sid: string): ApiAnswer {
    if (sid !== account.rcs?.messagingServiceSid) return refuse(404, 20404, "The service was not found");
    return ok({ sid, friendly_name: "Simulated", use_inbound_webhook_on_number: true });
  }

  return ({ method, query }: ApiCall, at: string): ApiAnswer | null => {
    if (method !== "GET") return null;
    if (at === "/v2/Channels/Senders") return ok(senders());
    if (at.endsWith("/IncomingPhoneNumbers.json")) return ok(numbers(query.get("PhoneNumber")));
    const sid = /^\/v1\/Services\/(\w+)$/.exec(at)?.[1];
    return sid === undefined ? null : service(sid);
  };
}
