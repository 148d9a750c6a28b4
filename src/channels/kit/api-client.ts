import { retryAfterMs } from "../../core/time/retry-after.ts";
import { createHttpClient, type HttpOutcome, type HttpRequest } from "../http-client.ts";
import type { Answer, ApiFault } from "./api-fault.ts";

/** Time limit of a call, milliseconds. */
const CALL_TIMEOUT_MS = 30_000;
/** One answer can contain a hundred messages. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

export type ApiCall = Pick<HttpRequest, "method" | "url" | "headers" | "body">;

/** The API of any provider. */
export interface ApiClient {
  /** Returns the answer, whatever its status, or the reason why there is none. Never rejects. */
  call(call: ApiCall, signal: AbortSignal): Promise<Answer | ApiFault>;
  /** Closes every connection; later calls fail as not sent. */
  close(): Promise<void>;
}

export function createApiClient(): ApiClient {
  const client = createHttpClient({ maxBodyBytes: MAX_BODY_BYTES });
  return {
    call: async (call, signal) =>
      readOutcome(await client.call({ ...call, timeoutMs: CALL_TIMEOUT_MS, signal })),
    close: () => client.close(),
  };
}

function readOutcome(outcome: HttpOutcome): Answer | ApiFault {
  if (outcome.kind !== "answered") return outcome;
  const { status, retryAfter, body } = outcome;
  if (body === null) return { kind: "unanswered", code: "answer_cut" };
  return { status, retryAfterMs: retryAfterMs(retryAfter ?? undefined, new Date()), body };
}
