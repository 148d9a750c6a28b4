/**
 * A signal that aborts after `ms` with a `TimeoutError`, as `AbortSignal.timeout` has it, for use inside
 * `AbortSignal.any`: Node 20 holds the parts of a combined signal weakly, and a timeout that is collected never fires.
 * Here the timer itself holds it. Does not keep the process running.
 */
export function timeLimit(ms: number): AbortSignal {
  const limit = new AbortController();
  setTimeout(() => limit.abort(new DOMException(`took longer than ${ms} ms`, "TimeoutError")), ms).unref();
  return limit.signal;
}
