/**
 * A signal that aborts after `ms` with a `TimeoutError`, as `AbortSignal.timeout` does, for use inside
 * `AbortSignal.any`. Node 20 holds the parts of a combined signal weakly, and a collected timeout never fires. Here the
 * timer itself holds the signal. It does not keep the process running.
 */
export function timeLimit(ms: number): AbortSignal {
  const limit = new AbortController();
  setTimeout(() => limit.abort(tooLong(ms)), ms).unref();
  return limit.signal;
}

/**
 * Runs a task with a signal that aborts when `outer` does, or after `ms` with a `TimeoutError`. The timer and the
 * listener end with the task. With many short tasks, timers that ran to their end would fill most of the memory.
 */
export async function withinTime<T>(
  ms: number,
  outer: AbortSignal,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const stop = () => limit.abort(outer.reason);
  const timer = setTimeout(() => limit.abort(tooLong(ms)), ms).unref();
  outer.addEventListener("abort", stop, { once: true });
  if (outer.aborted) stop();
  try {
    return await task(limit.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", stop);
  }
}

function tooLong(ms: number): DOMException {
  return new DOMException(`took longer than ${ms} ms`, "TimeoutError");
}
