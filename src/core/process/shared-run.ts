/**
 * Shares runs among everybody who asks for one. A call that comes during a run gets the next run, which begins after the
 * call. So its caller sees what was there before it asked.
 */
export function shareRuns(run: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | null = null;
  let next: Promise<void> | null = null;

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
    next ??= current.then(begin, begin);
    return next;
  };
}
