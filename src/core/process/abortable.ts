/** The same promise, except that it rejects with the signal's reason as soon as the signal aborts. */
export async function abortable<T>(task: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await task;
  // After an abort nobody awaits the task, so its rejection must not be unhandled.
  task.catch(() => undefined);
  let leave = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    leave = () => signal.removeEventListener("abort", stop);
  });
  try {
    return await Promise.race([task, aborted]);
  } finally {
    leave();
  }
}
