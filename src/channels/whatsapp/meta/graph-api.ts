import type { ApiCall, ApiClient } from "../api-client.ts";
import type { ApiFault } from "../errors.ts";
import { asObject, type JsonBody, readJson } from "../json-body.ts";
import type { MetaConfig } from "./config.ts";
import { readRefusal } from "./errors.ts";

export interface GraphApi {
  /** Sends a message (Meta, "Messages"); `content` besides `messaging_product`. */
  sendMessage(
    content: JsonBody,
    signal: AbortSignal,
  ): Promise<{ kind: "ok"; id: string } | { kind: "fault"; fault: ApiFault }>;
  /** Where a medium is (Meta, "Media"). */
  mediaUrl(
    mediaId: string,
    signal: AbortSignal,
  ): Promise<{ kind: "ok"; url: string } | { kind: "fault"; fault: ApiFault }>;
  /** Marks a message read and shows "typing…" (Meta, "Typing indicators"); null if all went well. */
  showTyping(messageId: string, signal: AbortSignal): Promise<ApiFault | null>;
  /** Asks for our own phone number, which shows whether token and id work; null if they do. */
  check(signal: AbortSignal): Promise<ApiFault | null>;
}

/** The few calls that are needed, each made once: trying again is decided where its outcome is recorded. */
export function createGraphApi(config: MetaConfig, client: ApiClient): GraphApi {
  const root = config.apiBaseUrl.replace(/\/$/, "");
  const number = `${root}/${config.phoneNumberId}`;
  const authorization = `Bearer ${config.accessToken}`;

  async function ask(
    call: Omit<ApiCall, "headers">,
    signal: AbortSignal,
  ): Promise<{ body: JsonBody } | ApiFault> {
    const type = call.body === null ? {} : { "content-type": "application/json" };
    const answer = await client.call({ ...call, headers: { authorization, ...type } }, signal);
    if ("kind" in answer) return answer;
    const body = answer.status >= 200 && answer.status < 300 ? readJson(answer.body) : null;
    return body === null ? readRefusal(answer) : { body };
  }
  const post = (content: JsonBody, signal: AbortSignal) => {
    const body = JSON.stringify({ messaging_product: "whatsapp", ...content });
    return ask({ method: "POST", url: new URL(`${number}/messages`), body }, signal);
  };

  return {
    async sendMessage(content, signal) {
      const answer = await post(content, signal);
      if ("kind" in answer) return { kind: "fault", fault: answer };
      const messages = answer.body["messages"];
      const id = Array.isArray(messages) ? asObject(messages[0])?.["id"] : undefined;
      return typeof id === "string" ? { kind: "ok", id } : { kind: "fault", fault: NOT_METAS };
    },
    async mediaUrl(mediaId, signal) {
      const address = `${root}/${encodeURIComponent(mediaId)}?phone_number_id=${config.phoneNumberId}`;
      const answer = await ask({ method: "GET", url: new URL(address), body: null }, signal);
      if ("kind" in answer) return { kind: "fault", fault: answer };
      const url = answer.body["url"];
      const isUrl = typeof url === "string" && URL.canParse(url);
      return isUrl ? { kind: "ok", url } : { kind: "fault", fault: NOT_METAS };
    },
    async showTyping(messageId, signal) {
      const content = { status: "read", message_id: messageId, typing_indicator: { type: "text" } };
      const answer = await post(content, signal);
      return "kind" in answer ? answer : null;
    },
    async check(signal) {
      const answer = await ask({ method: "GET", url: new URL(`${number}?fields=id`), body: null }, signal);
      if ("kind" in answer) return answer;
      return typeof answer.body["id"] === "string" ? null : NOT_METAS;
    },
  };
}

/** A good answer without what was asked for comes from something in between, and may or may not have been Meta's. */
const NOT_METAS: ApiFault = { kind: "unanswered", code: "http_200" };
