/** A call that did not work. `status` 0: the server was not reached. */
export class CallError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number | null;
  /** The session it is about, where the server says so. */
  readonly sessionId: string | null;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { retryAfterMs?: number | null; sessionId?: string | null } = {},
  ) {
    super(message);
    this.name = "CallError";
    this.status = status;
    this.code = code;
    this.retryAfterMs = more.retryAfterMs ?? null;
    this.sessionId = more.sessionId ?? null;
  }

  /** Whether the same call may work later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Whether nobody was there to refuse it. */
  get unreached(): boolean {
    return this.status === 0;
  }
}
