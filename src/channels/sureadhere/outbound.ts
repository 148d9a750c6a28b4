import { toPlainText } from "../../core/markdown/plain-text.ts";
import type { OutboundPart, SendResult } from "../../core/outbound.ts";
import type { Reachability } from "../../core/reachability.ts";
import type { HttpClient, HttpOutcome } from "../http-client.ts";
import type { AccessTokens, TokenAnswer } from "./access-token.ts";
import { isPatientId } from "./address.ts";
import { readSendFault, sendResultOf, withoutToken } from "./errors.ts";

/** The longest part, in UTF-16 code units. SureAdhere states no limit; this is much for a phone's screen. */
export const TEXT_LIMIT = 4000;

const SEND_TIMEOUT_MS = 15_000;

export interface OutboundDeps {
  client: HttpClient;
  tokens: AccessTokens;
  baseUrl: string;
}

/** Writes to SureAdhere. Every outcome is a value. */
export function createOutbound({ client, tokens, baseUrl }: OutboundDeps) {
  const url = new URL("/treatment/external/send-msg", baseUrl);

  const post = (part: OutboundPart, token: string, signal: AbortSignal): Promise<HttpOutcome> =>
    client.call({
      method: "POST",
      url,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      // The casing is SureAdhere's.
      body: JSON.stringify({ patient_Id: part.address, message_Body: toPlainText(part.text) }),
      timeoutMs: SEND_TIMEOUT_MS,
      signal,
    });

  return async function send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
    if (!isPatientId(part.address)) return { kind: "failed", ...badAddress, scope: "conversation" };
    for (let isSecond = false; ; isSecond = true) {
      const answer = await orAborted(tokens.current(), signal);
      if (answer === "aborted") return stopped;
      if (answer.kind === "no_token") return withoutToken(answer.fault);
      const outcome = await post(part, answer.token, signal);
      if (outcome.kind === "answered" && outcome.status < 300) {
        // The answer's body says nothing of use, an id least of all; the delivery's own stands in for it.
        return { kind: "sent", externalIds: [part.deliveryId] };
      }
      const isRefused = outcome.kind === "answered" && outcome.status === 401;
      if (isRefused) tokens.refused(answer.token);
      // Tokens are also revoked before they expire; what was turned away for one is not delivered, so it may go again.
      if (!isRefused || isSecond) return sendResultOf(readSendFault(outcome));
    }
  };
}

/** Stops waiting, not the asking: the token is for everybody. */
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

/** Whether it can be a patient's id at all; SureAdhere tells no more before a message is sent. */
export async function canReach(user: string): Promise<Reachability> {
  return isPatientId(user) ? { kind: "reachable" } : { kind: "unreachable", ...badAddress };
}

const badAddress = {
  reason: "the address is not a patient id: 1 to 200 characters without white space around them",
  code: "sureadhere_bad_address",
};
