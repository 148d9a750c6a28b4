import { createHash } from "node:crypto";
import { RequestError } from "../../../core/faults/errors.ts";
import { newId } from "../../../core/ids.ts";
import type { Logger } from "../../../core/process/logger.ts";
import { canonicalJson, type Json } from "../../../core/text/json.ts";
import { wait } from "../../../core/time/wait.ts";
import type {
  IdempotencyClaim,
  IdempotencyRepository,
  RepeatableRequest,
} from "../../../keys/idempotency-repository.ts";
import type { RouteReply } from "./route.ts";
import { seal, unseal } from "./sealed-body.ts";

/** A POST that came with an Idempotency-Key. */
export interface KeyedRequest {
  workspaceId: string;
  /** Answers belong to the API key that asked. Another key of the workspace may not see them. */
  keyId: string;
  /** The operation's id. */
  route: string;
  /** The path as called. */
  path: string;
  key: string;
  body: Json | undefined;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
}

/** A reply as it is sent. JSON is already text, so a repetition has the same bytes. */
export type EncodedReply =
  | { status: number; headers: Record<string, string>; text: string | null }
  | Extract<RouteReply, { stream: unknown }>;

export interface Idempotency {
  /**
   * Runs a request once. Parallel and later calls with the same key get the first one's answer. A stream is not kept:
   * its repetition runs again under the same resource id, so it follows the same execution. A failure on our side (5xx,
   * a crash) also runs again under the same resource id.
   */
  run(request: KeyedRequest, handle: (resourceId: string) => Promise<EncodedReply>): Promise<EncodedReply>;
}

/** The notices between processes that this needs; best effort. */
export interface IdempotencyNotices {
  publish(topic: string, data: Json, options: { remote: boolean }): void;
  subscribe(topic: string, listener: (data: Json) => void): () => void;
}

const KEY_LIMIT = 255;
const CLAIM_MS = 30_000;
const RENEW_MS = 10_000;
/** Interval at which a call that waits for another one polls, milliseconds. */
const RECHECK_MS = 500;

export function createIdempotency(deps: {
  repository: Omit<IdempotencyRepository, "sweep">;
  notices: IdempotencyNotices;
  log: Logger;
}): Idempotency {
  const { repository, notices, log } = deps;

  async function carryOut(
    request: RepeatableRequest,
    claim: { id: string; resourceId: string; key: string },
    handle: (resourceId: string) => Promise<EncodedReply>,
  ): Promise<EncodedReply> {
    const renewal = setInterval(() => {
      repository.renew(request, claim.id, CLAIM_MS).catch((error: unknown) => {
        log.warn({ err: error }, "could not renew the claim of a repeatable request");
      });
    }, RENEW_MS);
    try {
      const reply = await handle(claim.resourceId);
      if ("stream" in reply || reply.status >= 500) await repository.release(request, claim.id);
      else {
        await repository.answer(request, claim.id, {
          status: reply.status,
          headers: reply.headers,
          body: reply.text === null ? null : seal(reply.text, claim.key, claim.resourceId),
          resourceId: claim.resourceId,
        });
      }
      return reply;
    } catch (error) {
      await repository.release(request, claim.id);
      throw error;
    } finally {
      clearInterval(renewal);
      notices.publish(topicOf(request), {}, { remote: true });
    }
  }

  /** A claim that failed may exist all the same. No other call must wait for a call that does nothing. */
  async function claimed(request: RepeatableRequest, claimId: string): Promise<IdempotencyClaim> {
    try {
      return await repository.claim(request, claimId, CLAIM_MS);
    } catch (error) {
      await repository.release(request, claimId);
      throw error;
    }
  }

  return {
    async run(keyed, handle) {
      const request = toRepeatable(keyed);
      const claimId = newId();
      while (!keyed.signal.aborted) {
        const changed = new AbortController();
        const unsubscribe = notices.subscribe(topicOf(request), () => changed.abort());
        try {
          const claim = await claimed(request, claimId);
          if (claim.kind === "claimed") {
            const { resourceId } = claim;
            return await carryOut(request, { id: claimId, resourceId, key: keyed.key }, handle);
          }
          if (claim.kind === "answered") {
            const { status, headers, body, resourceId } = claim.answer;
            const text = body === null ? null : unseal(body, keyed.key, resourceId);
            return { status, headers: { ...headers, "Idempotent-Replayed": "true" }, text };
          }
          if (claim.kind === "reused") throw reused();
          await wait(RECHECK_MS, AbortSignal.any([changed.signal, keyed.signal]));
        } finally {
          unsubscribe();
        }
      }
      throw new RequestError(499, "client_left", "The client left before there was an answer.");
    },
  };
}

function toRepeatable({ workspaceId, keyId, route, path, key, body }: KeyedRequest): RepeatableRequest {
  if (key.length === 0 || key.length > KEY_LIMIT) {
    const message = `An Idempotency-Key has 1 to ${KEY_LIMIT} characters.`;
    throw new RequestError(400, "invalid_idempotency_key", message);
  }
  const requestHash = sha256(`${path}\n${canonicalJson(body ?? null)}`);
  return { workspaceId, route, keyHash: sha256(`${keyId}/${key}`), requestHash };
}

function reused(): RequestError {
  const message = "This Idempotency-Key was used for another request. Every request needs a key of its own.";
  return new RequestError(409, "idempotency_key_reused", message);
}

function topicOf(request: RepeatableRequest): string {
  return `repeatable.${sha256(`${request.workspaceId}/${request.route}/${request.keyHash}`)}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
