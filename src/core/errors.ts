/** Every expected problem that has to be reported to an API caller: status, stable code, words, details. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    code: string,
    message: string,
    options: { details?: unknown; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "RequestError";
    this.status = status;
    this.code = code;
    this.details = options.details ?? null;
    this.headers = options.headers ?? {};
  }
}

/** More arrives than can be taken at the moment; nothing of it was. */
export function overloaded(headers: Record<string, string> = {}): RequestError {
  return new RequestError(503, "overloaded", "More arrives than can be taken right now. Send it again.", {
    headers: { "Retry-After": "2", ...headers },
  });
}

/** One thing wrong with the configuration: where, what, and what to write instead. */
export interface ConfigProblem {
  path: string;
  problem: string;
  fix: string;
}

/** Bad configuration; carries every problem found. Printed, exit code 1, nothing started. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((p) => `${p.path}: ${p.problem} (${p.fix})`).join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** The service cannot start, for a reason an operator can act on (port taken, data directory in use). */
export class StartupError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "StartupError";
  }
}

/** A bot did not answer. `reason` is for operators; users see the agent's apology. */
export class BotError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;

  constructor(
    code: string,
    reason: string,
    options: { retryable?: boolean; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(reason, { cause: options.cause });
    this.name = "BotError";
    this.code = code;
    this.retryable = options.retryable ?? true;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
