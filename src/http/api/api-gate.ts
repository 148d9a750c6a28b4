import { createAuditRepository } from "../../audit/audit-repository.ts";
import type { Logger } from "../../core/process/logger.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { createConsoleSessionRepository } from "../../keys/console-session-repository.ts";
import { createIdempotencyRepository } from "../../keys/idempotency-repository.ts";
import { createKeyCache } from "../../keys/key-cache.ts";
import { createKeyRepository } from "../../keys/key-repository.ts";
import { createRetryingIdempotency } from "../../keys/retrying-idempotency.ts";
import type { Attempts } from "../server/attempts.ts";
import type { CallerOf } from "../server/caller-address.ts";
import type { OpenLimit } from "../server/open-limit.ts";
import type { RateLimit } from "../server/rate-limit.ts";
import type { Service } from "../service.ts";
import { createSessionEnd } from "./console/session-end.ts";
import type { ApiGate } from "./route/api-router.ts";
import { createAudit } from "./route/audit.ts";
import { createAuthenticate } from "./route/auth.ts";
import { createIdempotency } from "./route/idempotency.ts";

/** The limits of callers. */
export interface CallerLimits {
  callerOf: CallerOf;
  /** Limits wrong keys and socket tokens, by address. */
  attempts: Attempts;
  /** The request rate of one key. */
  keyRate: RateLimit;
  /** Maximum number of streams and sockets that one key may hold open. */
  keyStreams: OpenLimit;
}

export type GateParts = ReturnType<typeof createGateParts>;

const SWEEP_EVERY_MS = 10 * 60_000;

/**
 * The parts that every call passes: keys and console sessions, answers to repeated requests, and the log of changes.
 * @param auditDays days until a record of a change is deleted.
 * @param giveUp aborts when a stop has no time left.
 */
export function createGateParts(
  { engine, log }: Pick<Service, "engine" | "log">,
  { callerOf, attempts, keyRate, keyStreams }: CallerLimits,
  { auditDays, giveUp }: { auditDays: number; giveUp: AbortSignal },
) {
  const { pool } = engine.database;
  const notices = engine.hub;
  const keys = createKeyRepository(engine.database);
  const answers = createIdempotencyRepository(pool);
  const consoleSessions = createConsoleSessionRepository(pool);
  const auditLog = createAuditRepository(pool);
  function onUsed(keyId: string): void {
    keys
      .markUsed(keyId)
      .catch((error: unknown) => log.warn({ err: error }, "could not store that a key is used"));
  }

  const keyCache = createKeyCache({ find: keys.find, onUsed, notices, now: monotonicMs });
  const sessionEnd = createSessionEnd({
    onKeyRevoked: keyCache.onRevoked,
    notices,
    remainingMs: consoleSessions.remainingMs,
  });
  const repository = createRetryingIdempotency(answers, { giveUp, log });
  const gate: ApiGate = {
    authenticate: createAuthenticate({
      keys: keyCache,
      consoleSession: consoleSessions.find,
      attempts,
      callerOf,
      workspaceBySlug: keys.workspaceBySlug,
    }),
    onCallerEnded: sessionEnd.onCallerEnded,
    limits: { rateLimit: keyRate, streams: keyStreams, callerOf },
    idempotency: createIdempotency({ repository, notices, log }),
    audit: createAudit({ record: auditLog.record, log }),
    log,
  };

  const endSweeps = sweepRegularly(
    () => Promise.all([answers.sweep(), consoleSessions.sweep(), auditLog.sweep(auditDays)]),
    log,
  );

  return {
    gate,
    keys,
    keyCache,
    consoleSessions,
    sessionEnd,
    auditLog,
    stop(): void {
      endSweeps();
      keyCache.stop();
    },
  };
}

function sweepRegularly(sweep: () => Promise<unknown>, log: Logger): () => void {
  const timer = setInterval(() => {
    sweep().catch((error: unknown) =>
      log.warn({ err: error }, "could not delete old answers, sign-ins and changes"),
    );
  }, SWEEP_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
