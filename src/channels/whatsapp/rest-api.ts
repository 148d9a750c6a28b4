import type { WhatsappConfig } from "./config.ts";
import { readFailure, readJson, readRefusal, type TwilioFault } from "./errors.ts";
import type { Call, Transport } from "./transport.ts";

export type ApiResult = { kind: "ok"; sid: string } | { kind: "fault"; fault: TwilioFault };

export interface RestApi {
  /** Creates a message (Twilio, "Message resource"); `fields` besides `From`. */
  createMessage(fields: Record<string, string>, signal: AbortSignal): Promise<ApiResult>;
  /** Asks for our own account, which shows whether the credentials work. */
  fetchAccount(signal: AbortSignal): Promise<ApiResult>;
}

/** The few calls that are needed, each made once: trying again is decided where its outcome is recorded. */
export function createRestApi(config: WhatsappConfig, transport: Transport): RestApi {
  const account = `${config.apiBaseUrl.replace(/\/$/, "")}/2010-04-01/Accounts/${config.accountSid}`;
  const credentials = Buffer.from(`${config.accountSid}:${config.authToken}`).toString("base64");
  const authorization = `Basic ${credentials}`;

  async function ask(call: Call, signal: AbortSignal): Promise<ApiResult> {
    try {
      const answer = await transport.call(call, signal);
      const isGood = answer.status >= 200 && answer.status < 300;
      const sid = isGood ? readJson(answer.body)?.sid : undefined;
      return typeof sid === "string" ? { kind: "ok", sid } : { kind: "fault", fault: readRefusal(answer) };
    } catch (error) {
      return { kind: "fault", fault: readFailure(error) };
    }
  }

  return {
    createMessage(fields, signal) {
      const url = new URL(`${account}/Messages.json`);
      const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
      const body = new URLSearchParams({ From: config.from, ...fields }).toString();
      return ask({ method: "POST", url, headers, body }, signal);
    },
    fetchAccount: (signal) =>
      ask({ method: "GET", url: new URL(`${account}.json`), headers: { authorization }, body: null }, signal),
  };
}
