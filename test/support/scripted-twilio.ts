import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";
import { refuse } from "../../src/simulator/twilio/answers.ts";
import type { ScriptedAnswer } from "../../src/simulator/wire/faults.ts";
import { type CommonFault, startScriptedSimulator } from "./scripted-simulator.ts";

/** A message that Twilio accepted. */
export interface TakenMessage {
  sid: string;
  /** The sender of the account, as the call names it: an address, or a Messaging Service. */
  sender: string;
  to: string;
  /** Null for a template. */
  body: string | null;
  contentSid: string | null;
  contentVariables: string | null;
  statusCallback: string | null;
}

/** The fault for the next message. With a code, Twilio refuses it, in its old format or that of RFC 9457. */
export type TwilioFault =
  | { status: number; code: number; retryAfter?: number; problem?: boolean }
  | CommonFault;

export type ScriptedTwilio = Awaited<ReturnType<typeof startScriptedTwilio>>;

let lastSid = 0;

/** An id in Twilio's format: two letters and 32 hexadecimal digits. */
export const nextSid = (kind: "SM" | "MM" = "SM") => `${kind}${(++lastSid).toString(16).padStart(32, "0")}`;

/** A simulated Twilio account with one sender: a number, an RCS sender, or an address of WhatsApp. */
export async function startScriptedTwilio({
  from = "whatsapp:+14155238886",
  rcs,
}: {
  from?: string;
  rcs?: { sender: string; messagingServiceSid: string } | undefined;
} = {}) {
  const account = {
    name: "twilio",
    accountSid: "AC0123456789abcdef0123456789abcdef",
    authToken: "5ecre7ab1e70ken0123456789abcdef0",
    from,
    webhookUrl: null,
  };
  const { accountSid, authToken } = account;
  const platform = from.startsWith("whatsapp:") ? "whatsapp" : "sms";
  const scripted = await startScriptedSimulator(platform, (simulator) =>
    platform === "whatsapp"
      ? simulator.addTwilio(account)
      : simulator.addSms(Object.assign(account, { rcs })),
  );
  const { origin, simulator, close, requests, openConnections, carriedOut, tell } = scripted;
  const [phone] = simulator.connections();

  return {
    /** For `apiBaseUrl`. */
    url: `${origin}/${platform}/twilio`,
    accountSid,
    authToken,
    from,
    /** An approved template. */
    contentSid: "HXaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    get taken(): TakenMessage[] {
      return carriedOut("create message").map(({ body, answer }) => takenMessage(answer.sid, body));
    },
    /** The ids of messages under which "typing…" was shown. */
    get typing(): (string | null)[] {
      return carriedOut("Typing.json").map(({ body }) => new URLSearchParams(body).get("messageId"));
    },
    requests,
    openConnections,
    /** A message of a user that Twilio knows of. Returns its id. */
    wrote(text = "hello"): string {
      const said = phone?.say("491700000001", { text, from: null, thread: null, replyTo: null, file: null });
      return said !== undefined && "id" in said ? said.id : "";
    },
    fail(fault: TwilioFault): void {
      scripted.fail("create message", "code" in fault ? { answer: refusal(fault) } : fault);
    },
    /** Twilio answers so about senders, numbers or a service: the last part of the path. Null: it refuses. */
    tell(what: string, body: object | null): void {
      tell(
        what,
        body === null ? { status: 403, body: refuse(403, 20403, "Forbidden").body } : { status: 200, body },
      );
    },
    /** Replaces the auth token. */
    revokeToken(): void {
      account.authToken = "another";
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function takenMessage(sid: string, body: string): TakenMessage {
  const form = new URLSearchParams(body);
  return {
    sid,
    sender: form.get("From") ?? form.get("MessagingServiceSid") ?? "",
    to: form.get("To") ?? "",
    body: form.get("Body"),
    contentSid: form.get("ContentSid"),
    contentVariables: form.get("ContentVariables"),
    statusCallback: form.get("StatusCallback"),
  };
}

function refusal({
  status,
  code,
  retryAfter,
  problem,
}: Extract<TwilioFault, { code: number }>): ScriptedAnswer {
  const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  const detail = "refused by the test";
  if (!problem) return { status, headers, body: refuse(status, code, detail).body };
  return { status, headers, body: { type: "about:blank", title: "Refused", detail, status, code } };
}

/** The headers and body of a webhook, signed by Twilio's own library. */
export function signedForm(url: string, params: Record<string, string>, authToken: string) {
  return {
    headers: {
      "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
      "x-twilio-signature": getExpectedTwilioSignature(authToken, url, params),
    },
    body: new URLSearchParams(params).toString(),
  };
}
