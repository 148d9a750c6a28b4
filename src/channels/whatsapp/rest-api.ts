import type { WhatsappConfig } from "./config.ts";
import { readFailure, readJson, readRefusal, type TwilioFault } from "./errors.ts";
import type { Answer, Call, Transport } from "./transport.ts";

export type ApiResult = { kind: "ok"; sid: string } | { kind: "fault"; fault: TwilioFault };

export interface RestApi {
  /** Creates a message (Twilio, "Message resource"); `fields` besides `From`. */
  createMessage(fields: Record<string, string>, signal: AbortSignal): Promise<ApiResult>;
  /** Asks for our own account, which shows whether the credentials work. */
  fetchAccount(signal: AbortSignal): Promise<ApiResult>;
  /** Shows that the message with this id is being answered (Twilio, "Typing Indicators"); null if all went well. */
  showTyping(messageSid: string, signal: AbortSignal): Promise<TwilioFault | null>;
}

/** The indicator is a resource of another host of Twilio's; a proxy stands for both. */
function typingUrl(apiBaseUrl: string): URL {
  const url = new URL(`${apiBaseUrl.replace(/\/$/, "")}/v2/Indicators/Typing.json`);
  url.hostname = url.hostname.replace(/^api(?=\.(?:[\w-]+\.)*twilio\.com$)/, "messaging");
  return url;
}

/** The few calls that are needed, each made once: trying again is decided where its outcome is recorded. */
export function createRestApi(config: WhatsappConfig, transport: Transport): RestApi {
  const account = `${config.apiBaseUrl.replace(/\/$/, "")}/2010-04-01/Accounts/${config.accountSid}`;
  const credentials = Buffer.from(`${config.accountSid}:${config.authToken}`).toString("base64");
  const authorization = `Basic ${credentials}`;
  const formHeaders = { authorization, "content-type": "application/x-www-form-urlencoded" };
  const isGood = ({ status }: Answer) => status >= 200 && status < 300;

  async function ask(call: Call, signal: AbortSignal): Promise<ApiResult> {
    try {
      const answer = await transport.call(call, signal);
      const sid = isGood(answer) ? readJson(answer.body)?.sid : undefined;
      return typeof sid === "string" ? { kind: "ok", sid } : { kind: "fault", fault: readRefusal(answer) };
    } catch (error) {
      return { kind: "fault", fault: readFailure(error) };
    }
  }

  return {
    createMessage(fields, signal) {
      const url = new URL(`${account}/Messages.json`);
      const body = new URLSearchParams({ From: config.from, ...fields }).toString();
      return ask({ method: "POST", url, headers: formHeaders, body }, signal);
    },
    async showTyping(messageId, signal) {
      const url = typingUrl(config.apiBaseUrl);
      const body = new URLSearchParams({ channel: "whatsapp", messageId }).toString();
      try {
        const answer = await transport.call({ method: "POST", url, headers: formHeaders, body }, signal);
        return isGood(answer) ? null : readRefusal(answer);
      } catch (error) {
        return readFailure(error);
      }
    },
    fetchAccount: (signal) =>
      ask({ method: "GET", url: new URL(`${account}.json`), headers: { authorization }, body: null }, signal),
  };
}
