import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import type { Reachability } from "../../core/session/reachability.ts";
import { toPlainText } from "../../core/text/markdown/plain-text.ts";
import type { HttpClient, HttpOutcome } from "../http-client.ts";
import type { AccessTokens, TokenAnswer } from "./access-token.ts";
import { isPatientId } from "./address.ts";
import { readSendFault, sendResultOf, tokenSendResult } from "./errors.ts";

/** Maximum length of a part in UTF-16 code units. SureAdhere states no limit; this is long for a phone's screen. */
export const TEXT_LIMIT = 4000;

const SEND_TIMEOUT_MS = 15_000;

export interface OutboundDeps {
  client: HttpClient;
  tokens: AccessTokens;
  baseUrl: string;
}

/** Sends messages to SureAdhere. Returns every outcome as a value. */
export function createOutbound({ client, tokens, baseUrl }: OutboundDeps) {
  const url = new URL("/treatment/external/send-msg", baseUrl);

  const post = (part: OutboundPart, token: string, signal: AbortSignal): Promise<HttpOutcome> =>
    client.call({
      method: "POST",
      url,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      // SureAdhere requires this casing.
      body: JSON.stringify({
        patient_Id: part.address,
        message_Body: part.format === "text" ? part.text : toPlainText(part.text),
      }),
      timeoutMs: SEND_TIMEOUT_MS,
      signal,
    });

  return async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    if (!isPatientId(part.address)) return { kind: "failed", ...badAddress, scope: "conversation" };
    for (let isSecond = false; ; isSecond = true) {
      const answer = await orAborted(tokens.current(), signal);
      if (answer === "aborted") return stopped;
      if (answer.kind === "no_token") return tokenSendResult(answer.fault);
      const outcome = await post(part, answer.token, signal);
      if (outcome.kind === "answered" && outcome.status < 300) {
        // The body of the answer contains no id. So the delivery's own id replaces it.
        return { kind: "sent", externalIds: [part.deliveryId] };
      }
      const isRefused = outcome.kind === "answered" && outcome.status === 401;
      if (isRefused) tokens.refused(answer.token);
      // A token may be revoked before it expires. A message refused for its token was not delivered, so send it again.
      if (!isRefused || isSecond) return sendResultOf(readSendFault(outcome));
    }
  };
}

/** Stops the waiting but not the request, because all sends share the token. */
function orAborted(asking: Promise<TokenAnswer>, signal: AbortSignal): Promise<TokenAnswer | "aborted"> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve("aborted");
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    asking.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

const stopped: SendResult = {
  kind: "retry",
  reason: "stopped before it was sent",
  code: "sureadhere_aborted",
  scope: "conversation",
};

/** Checks only that the text can be a patient's id. SureAdhere gives no more information before a message is sent. */
export async function canReach(user: string): Promise<Reachability> {
  return isPatientId(user) ? { kind: "reachable" } : { kind: "unreachable", ...badAddress };
}

const badAddress = {
  reason: "the address is not a patient id: 1 to 200 characters without white space around them",
  code: "sureadhere_bad_address",
};
