import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";
import { startLoopbackServer } from "./loopback-server.ts";

/** A message that the fake accepted. */
export interface TakenMessage {
  sid: string;
  /** The sender of the account, as the call names it: an address, or a Messaging Service. */
  sender: string;
  /** The time, in Twilio's date format. */
  at: string;
  to: string;
  /** Null for a template. */
  body: string | null;
  media: string | null;
  contentSid: string | null;
  contentVariables: string | null;
  statusCallback: string | null;
}

/** The fault for the next message, which is then not accepted. */
export type TwilioFault =
  /** Twilio's own refusal, in its old format or that of RFC 9457. */
  | { status: number; code: number; retryAfter?: number; problem?: boolean }
  /** Another server than Twilio answers. */
  | { html: number }
  /** The connection breaks: before the message is accepted, or after. */
  | { cut: "before" | "after" }
  /** The message is accepted, but the answer never comes. */
  | { hang: true };

export interface FakeTwilio extends AsyncDisposable {
  /** For `apiBaseUrl`. */
  url: string;
  accountSid: string;
  authToken: string;
  from: string;
  /** An approved template. */
  contentSid: string;
  taken: readonly TakenMessage[];
  /** The ids of messages under which "typing…" was shown. */
  typing: readonly string[];
  /** The account's WhatsApp senders, as the Senders API lists them. */
  senders: Record<string, unknown>[];
  /** Settings of the account's Messaging Service. Null: there is none. */
  service: Record<string, unknown> | null;
  /** The account's phone numbers. Null: the list is refused. */
  numbers: Record<string, unknown>[] | null;
  /** Number of received requests, accepted or not. */
  requests: () => number;
  fail(fault: TwilioFault): void;
  /** Replaces the auth token. */
  revokeToken(): void;
  openConnections(): number;
  /** Stops listening, like a server that is down. */
  close(): Promise<void>;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: object;
}

const refuse = (status: number, code: number, message = "refused"): Answer => ({
  status,
  body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
});

let lastSid = 0;

/** An id in Twilio's format: two letters and 32 hexadecimal digits. */
export const nextSid = (kind: "SM" | "MM" = "SM") => `${kind}${(++lastSid).toString(16).padStart(32, "0")}`;

/**
 * A fake of Twilio's REST API. It is as strict as the real one about credentials, senders, lengths and the contents of
 * a message. It accepts messages, and fails on demand. Each fake uses a separate loopback port. A Messaging Service of it
 * sends everything by RCS.
 */
export async function startFakeTwilio({
  from = "whatsapp:+14155238886",
  messagingServiceSid = "",
} = {}): Promise<FakeTwilio> {
  const accountSid = "AC0123456789abcdef0123456789abcdef";
  const contentSid = "HXaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  const authToken = "5ecre7ab1e70ken0123456789abcdef0";
  let accepted = authToken;
  let requests = 0;
  const taken: TakenMessage[] = [];
  const typing: string[] = [];
  const senders: Record<string, unknown>[] = [];
  const faults: TwilioFault[] = [];

  function take(form: URLSearchParams): Answer {
    const message = readMessage(form, { from, contentSid, messagingServiceSid });
    if ("status" in message) return message;
    const sid = nextSid();
    taken.push({ sid, at: new Date().toUTCString(), ...message });
    return { status: 201, body: { sid, status: "queued", error_code: null, error_message: null } };
  }

  /** Newest first, as Twilio lists them. */
  function list(query: URLSearchParams): Answer {
    const wanted = query.get("From") ?? messagingServiceSid;
    const messages = taken
      .map((message) => (message.sender === from ? message : { ...message, to: `rcs:${message.to}` }))
      .filter(({ to, sender }) => to === query.get("To") && sender === wanted)
      .map(({ sid, to, sender, body, media, at }) => ({
        sid,
        to,
        from,
        messaging_service_sid: sender === from ? null : sender,
        body: body ?? "",
        num_media: media === null ? "0" : "1",
        direction: "outbound-api",
        date_created: at,
      }));
    return { status: 200, body: { messages: messages.reverse() } };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request);
    requests++;
    const form = new URLSearchParams(sent);
    const credentials = Buffer.from(`${accountSid}:${accepted}`).toString("base64");
    const account = `/2010-04-01/Accounts/${accountSid}`;
    if (request.headers.authorization !== `Basic ${credentials}`)
      return reply(response, refuse(401, 20003, "Authenticate"));
    if (request.method === "GET" && request.url === `${account}.json`)
      return reply(response, { status: 200, body: { sid: accountSid, status: "active" } });
    if (request.method === "GET" && request.url?.startsWith("/v2/Channels/Senders?"))
      return reply(response, { status: 200, body: { senders } });
    if (request.method === "GET" && request.url?.startsWith("/v1/Services/"))
      return reply(response, serviceAnswer());
    if (request.method === "GET" && request.url?.startsWith(`${account}/IncomingPhoneNumbers.json?`))
      return reply(response, numbersAnswer());
    if (request.method === "POST" && request.url === "/v2/Indicators/Typing.json") {
      const messageId = form.get("messageId") ?? "";
      if (form.get("channel") !== "whatsapp" || !/^(SM|MM)[0-9a-f]{32}$/.test(messageId))
        return reply(response, refuse(400, 20001, "invalid messageId"));
      typing.push(messageId);
      return reply(response, { status: 200, body: { success: true } });
    }
    if (request.method === "GET" && request.url?.startsWith(`${account}/Messages.json?`))
      return reply(response, list(new URLSearchParams(request.url.split("?", 2)[1])));
    if (request.method !== "POST" || request.url !== `${account}/Messages.json`)
      return reply(response, refuse(404, 20404, "The requested resource was not found"));
    const fault = faults.shift();
    if (fault === undefined) return reply(response, take(form));
    if ("html" in fault) {
      response.writeHead(fault.html, { "content-type": "text/html" }).end("<html>not Twilio</html>");
    } else if ("cut" in fault) {
      if (fault.cut === "after") take(form);
      request.socket.destroy();
    } else if ("hang" in fault) take(form);
    else reply(response, refusal(fault));
  }

  function serviceAnswer(): Answer {
    const { service } = fake;
    return service === null ? refuse(404, 20404, "not found") : { status: 200, body: service };
  }

  function numbersAnswer(): Answer {
    const { numbers } = fake;
    return numbers === null
      ? refuse(403, 20403, "Forbidden")
      : { status: 200, body: { incoming_phone_numbers: numbers } };
  }

  const server = await startLoopbackServer(handle, (response) => reply(response, refuse(500, 20500)));
  const { close } = server;
  const fake: FakeTwilio = {
    url: server.origin,
    accountSid,
    authToken,
    from,
    contentSid,
    taken,
    typing,
    senders,
    service: null,
    numbers: [],
    requests: () => requests,
    fail: (fault) => void faults.push(fault),
    revokeToken() {
      accepted = "another";
    },
    openConnections: server.openConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
  return fake;
}

function refusal({ status, code, retryAfter, problem }: Extract<TwilioFault, { code: number }>): Answer {
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  const body = { type: "about:blank", title: "Refused", detail: "refused by the test", status, code };
  return { ...(problem ? { status, body } : refuse(status, code, "refused by the test")), headers };
}

function reply(response: ServerResponse, { status, headers, body }: Answer): void {
  if (!response.writable) return;
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** The message from a form, or Twilio's refusal. */
function readMessage(
  form: URLSearchParams,
  known: { from: string; contentSid: string; messagingServiceSid: string },
): Omit<TakenMessage, "sid" | "at"> | Answer {
  const to = form.get("To") ?? "";
  const body = form.get("Body");
  const media = form.get("MediaUrl");
  const contentSid = form.get("ContentSid");
  const sender = form.get("From") ?? form.get("MessagingServiceSid") ?? "";
  if (form.has("From") && sender !== known.from)
    return refuse(400, 63007, "no Channel with the specified From address");
  if (!form.has("From") && sender !== known.messagingServiceSid)
    return refuse(404, 21701, "The Messaging Service does not exist");
  if (form.has("FallbackFrom") === form.has("From"))
    return refuse(400, 21664, "FallbackFrom needs a service");
  const [prefix = ""] = /^\w+:/.exec(known.from) ?? [];
  const toForm = prefix === "whatsapp:" ? /^whatsapp:\S+$/ : prefix === "rcs:" ? /^rcs:\+\d+$/ : /^\+\d+$/;
  if (!toForm.test(to)) return refuse(400, 21211, "The 'To' number is not valid");
  if (contentSid === null) {
    if (media === null && (body === null || body.trim() === ""))
      return refuse(400, 21602, "Message body is required");
    if (body !== null && body.length > 1600)
      return refuse(400, 21617, "The body exceeds the 1600 character limit");
  } else if (contentSid !== known.contentSid || body !== null)
    return refuse(400, 21655, "invalid ContentSid");
  const statusCallback = form.get("StatusCallback");
  if (statusCallback !== null && !/^(https:\/\/|http:\/\/127\.)/.test(statusCallback))
    return refuse(400, 21609, "The StatusCallback URL is not valid");
  return {
    sender,
    to,
    body,
    media,
    contentSid,
    contentVariables: form.get("ContentVariables"),
    statusCallback,
  };
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
