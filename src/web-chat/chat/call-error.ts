import { tellDevelopers } from "./tell-developers.ts";

/** A failed call. `status` 0: the server was not reached. -1: the browser failed before it asked. */
export class CallError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number | null;
  /** The session that it concerns, if the server names it. */
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

  /** An error in this browser, without a part of the server. */
  static local(cause: unknown): CallError {
    tellDevelopers(cause);
    return new CallError(-1, "local", String(cause));
  }

  /** Returns true if the same call may work later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** Returns true if the server was not reached. */
  get unreached(): boolean {
    return this.status === 0;
  }
}
