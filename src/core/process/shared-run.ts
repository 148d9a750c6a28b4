/**
 * Shares runs among everybody who asks for one. A call that comes during a run gets the next run, which begins after the
 * call. So its caller sees what was there before it asked.
 *
 * At most `most` callers wait for a run. Others get one of their own, so that a slow database is seen to be busy.
 */
export function shareRuns(run: () => Promise<void>, most: number): () => Promise<void> {
  let current: Promise<void> | null = null;
  let next: { done: Promise<void>; callers: number } | null = null;

  function begin(): Promise<void> {
    next = null;
    const started = run().finally(() => {
      if (current === started) current = null;
    });
    current = started;
    return started;
  }

  return () => {
    if (current === null) return begin();
    next ??= { done: current.then(begin, begin), callers: 0 };
    if (next.callers >= most) return run();
    next.callers += 1;
    return next.done;
  };
}
