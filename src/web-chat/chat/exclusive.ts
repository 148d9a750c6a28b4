/**
 * Runs a task while no other tab runs one of that name. Browsers refuse locks in three cases: pages on plain http,
 * frames on other sites, and blocked site data. Then the task runs at once, and each tab works alone.
 * @param task gets true if the lock was granted. Then other tabs wait for it.
 */
export async function exclusively<T>(
  name: string,
  task: (isLocked: boolean) => Promise<T>,
  signal: AbortSignal = new AbortController().signal,
): Promise<T> {
  let begun = false;
  const run = (isLocked: boolean): Promise<T> => {
    begun = true;
    return task(isLocked);
  };
  try {
    return await navigator.locks.request(name, { signal }, () => run(true));
  } catch (error) {
    // Only an error of the browser about the lock means that there is none. The task's own errors belong to the caller.
    if (begun || signal.aborted) throw error;
    return run(false);
  }
}
