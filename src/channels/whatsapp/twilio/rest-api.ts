import type { ApiCall, ApiClient } from "../api-client.ts";
import type { ApiFault } from "../errors.ts";
import { asObject, type JsonBody, readJson } from "../json-body.ts";
import type { TwilioConfig } from "./config.ts";
import { readRefusal } from "./errors.ts";

export interface RestApi {
  /** Creates a message (Twilio, "Message resource"); `fields` besides `From`. */
  createMessage(
    fields: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ kind: "ok"; sid: string } | { kind: "fault"; fault: ApiFault }>;
  /** The newest messages of ours to a user, newest first. */
  listMessages(
    to: string,
    signal: AbortSignal,
  ): Promise<{ kind: "ok"; messages: JsonBody[] } | { kind: "fault"; fault: ApiFault }>;
  /** Asks for our own account, which shows whether the credentials work; null if they do. */
  check(signal: AbortSignal): Promise<ApiFault | null>;
  /** Shows that the message with this id is being answered (Twilio, "Typing Indicators"); null if all went well. */
  showTyping(messageSid: string, signal: AbortSignal): Promise<ApiFault | null>;
}

/** Indicators and senders are resources of another host of Twilio's; a proxy stands for both. */
export function messagingUrl(apiBaseUrl: string, path: string): URL {
  const url = new URL(`${apiBaseUrl.replace(/\/$/, "")}${path}`);
  url.hostname = url.hostname.replace(/^api(?=\.(?:[\w-]+\.)*twilio\.com$)/, "messaging");
  return url;
}

/** The few calls that are needed, each made once: trying again is decided where its outcome is recorded. */
export function createRestApi(config: TwilioConfig, client: ApiClient): RestApi {
  const account = `${config.apiBaseUrl.replace(/\/$/, "")}/2010-04-01/Accounts/${config.accountSid}`;
  const credentials = createCredentials(config);

  /** What was answered with a 2xx; a fault for everything else. */
  async function ask(
    call: Omit<ApiCall, "headers">,
    signal: AbortSignal,
  ): Promise<{ body: string } | ApiFault> {
    const type = call.body === null ? {} : { "content-type": "application/x-www-form-urlencoded" };
    for (const authorization of credentials.inOrder()) {
      const answer = await client.call({ ...call, headers: { authorization, ...type } }, signal);
      if ("kind" in answer) return answer;
      // What is turned away for its token was not carried out, so the other one may ask for the same.
      if (answer.status === 401 && credentials.refused(authorization)) continue;
      return answer.status >= 200 && answer.status < 300 ? { body: answer.body } : readRefusal(answer);
    }
    return REFUSED;
  }
  const post = (url: URL, fields: Record<string, string>, signal: AbortSignal) =>
    ask({ method: "POST", url, body: new URLSearchParams(fields).toString() }, signal);

  return {
    async createMessage(fields, signal) {
      const answer = await post(
        new URL(`${account}/Messages.json`),
        { From: config.from, ...fields },
        signal,
      );
      if ("kind" in answer) return { kind: "fault", fault: answer };
      const sid = readJson(answer.body)?.["sid"];
      return typeof sid === "string" ? { kind: "ok", sid } : { kind: "fault", fault: NO_SID };
    },
    async listMessages(to, signal) {
      const url = new URL(`${account}/Messages.json`);
      url.search = String(new URLSearchParams({ To: to, From: config.from, PageSize: "100" }));
      const answer = await ask({ method: "GET", url, body: null }, signal);
      if ("kind" in answer) return { kind: "fault", fault: answer };
      const messages = readJson(answer.body)?.["messages"];
      if (!Array.isArray(messages)) return { kind: "fault", fault: NO_SID };
      return { kind: "ok", messages: messages.map((each) => asObject(each) ?? {}) };
    },
    async check(signal) {
      const answer = await ask({ method: "GET", url: new URL(`${account}.json`), body: null }, signal);
      if ("kind" in answer) return answer;
      return typeof readJson(answer.body)?.["sid"] === "string" ? null : NO_SID;
    },
    async showTyping(messageId, signal) {
      const answer = await post(
        messagingUrl(config.apiBaseUrl, "/v2/Indicators/Typing.json"),
        { channel: "whatsapp", messageId },
        signal,
      );
      return "kind" in answer ? answer : null;
    },
  };
}

/** A good answer without what was asked for comes from something in between, and may or may not have been Twilio's. */
const NO_SID: ApiFault = { kind: "unanswered", code: "http_200" };

const REFUSED: ApiFault = { kind: "refused", status: 401, code: 20003, said: null, retryAfterMs: null };

/** The token that works: while tokens are being exchanged, it is first the one and then the other. */
function createCredentials({ accountSid, authToken, secondaryAuthToken }: TwilioConfig) {
  const tokens = secondaryAuthToken === undefined ? [authToken] : [authToken, secondaryAuthToken];
  const all = tokens.map((token) => `Basic ${Buffer.from(`${accountSid}:${token}`).toString("base64")}`);
  let preferred = all;
  return {
    inOrder: (): readonly string[] => preferred,
    /** Whether there is another one to try. */
    refused(authorization: string): boolean {
      preferred = [...all.filter((each) => each !== authorization), authorization];
      return all.length > 1;
    },
  };
}
