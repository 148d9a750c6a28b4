/** An expected problem that is reported to an API caller: status, stable code, message, details. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;
  readonly headers: Record<string, string>;
  /** More fields of the error, for APIs whose callers expect them. */
  readonly fields: Readonly<Record<string, string | null>>;

  constructor(
    status: number,
    code: string,
    message: string,
    options: {
      details?: unknown;
      headers?: Record<string, string>;
      fields?: Readonly<Record<string, string | null>>;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "RequestError";
    this.status = status;
    this.code = code;
    this.details = options.details ?? null;
    this.headers = options.headers ?? {};
    this.fields = options.fields ?? {};
  }
}

/** The service has no capacity for this request and accepts nothing of it. */
export function overloaded(headers: Record<string, string> = {}): RequestError {
  return new RequestError(503, "overloaded", "Too many calls arrive at this moment. Send it again.", {
    headers: { "Retry-After": "2", ...headers },
  });
}

/** The caller asked the service to stop before its start was complete. */
export class StartStopped extends Error {
  constructor() {
    super("stopped before the start was over");
    this.name = "StartStopped";
  }
}

/** One problem in the configuration: its path, the problem, and the text to write instead. */
export interface ConfigProblem {
  path: string;
  problem: string;
  fix: string;
}

/** Bad configuration; carries every problem found. The process prints them, exits with code 1 and starts nothing. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((p) => `${p.path}: ${p.problem} (${p.fix})`).join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** The service cannot start, for a reason that an operator can fix (port taken, data directory in use). */
export class StartupError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "StartupError";
  }
}

/** A bot did not answer. Operators read `reason`; users read the agent's apology. */
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
