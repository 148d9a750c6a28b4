import type { ApiCall, ApiClient } from "../../kit/api-client.ts";
import type { ApiFault } from "../../kit/api-fault.ts";
import { asObject, type JsonBody, readJson } from "../../kit/json-body.ts";
import type { MetaConfig } from "./config.ts";
import { PROOF_REFUSED, readRefusal } from "./errors.ts";
import { createProofs } from "./proof.ts";

/** Meta's names of the user that a message was sent to. */
export interface Recipient {
  waId: string | undefined;
  userId: string | undefined;
}

export interface GraphApi {
  /** Sends a message (Meta, "Messages"). `content` has all fields except `messaging_product`. */
  sendMessage(
    content: JsonBody,
    signal: AbortSignal,
  ): Promise<{ kind: "ok"; id: string; recipient: Recipient } | { kind: "fault"; fault: ApiFault }>;
  /** The URL of a medium (Meta, "Media"). */
  mediaUrl(
    mediaId: string,
    signal: AbortSignal,
  ): Promise<{ kind: "ok"; url: string } | { kind: "fault"; fault: ApiFault }>;
  /** Marks a message as read and shows "typing…" (Meta, "Typing indicators"). Returns null if it worked. */
  showTyping(messageId: string, signal: AbortSignal): Promise<ApiFault | null>;
  /** Reads our own phone number, which checks token and id. Returns null if they work. */
  check(signal: AbortSignal): Promise<ApiFault | null>;
  /** Reads the object at a path; null if Meta does not return it. */
  read(path: string, signal: AbortSignal): Promise<JsonBody | null>;
}

/** The few needed calls, each made once. Retries are decided where the outcome is recorded. */
export function createGraphApi(config: MetaConfig, client: ApiClient): GraphApi {
  const root = config.apiBaseUrl.replace(/\/$/, "");
  const number = `${root}/${config.phoneNumberId}`;
  const authorization = `Bearer ${config.accessToken}`;

  const proofs = createProofs(config);

  async function ask(
    call: Omit<ApiCall, "headers">,
    signal: AbortSignal,
  ): Promise<{ body: JsonBody } | ApiFault> {
    const type = call.body === null ? {} : { "content-type": "application/json" };
    let fault: ApiFault = NOT_METAS;
    for (const proof of proofs.inOrder()) {
      const url = new URL(call.url);
      url.searchParams.set("appsecret_proof", proof);
      const answer = await client.call({ ...call, url, headers: { authorization, ...type } }, signal);
      if ("kind" in answer) return answer;
      const body = answer.status >= 200 && answer.status < 300 ? readJson(answer.body) : null;
      if (body !== null) return { body };
      fault = readRefusal(answer);
      // A call refused for its proof was not carried out, so it may be repeated with the other secret.
      if (fault.kind !== "refused" || fault.code !== PROOF_REFUSED) return fault;
      proofs.refused(proof);
    }
    return fault;
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
      if (typeof id !== "string") return { kind: "fault", fault: NOT_METAS };
      const contacts = answer.body["contacts"];
      const contact = asObject(Array.isArray(contacts) ? contacts[0] : null);
      return {
        kind: "ok",
        id,
        recipient: { waId: textOf(contact?.["wa_id"]), userId: textOf(contact?.["user_id"]) },
      };
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
    async read(path, signal) {
      const answer = await ask({ method: "GET", url: new URL(`${root}/${path}`), body: null }, signal);
      return "kind" in answer ? null : answer.body;
    },
  };
}

const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

/**
 * A successful answer without the expected data comes from a server in between. Meta may or may not have got the call.
 */
const NOT_METAS: ApiFault = { kind: "unanswered", code: "http_200" };
