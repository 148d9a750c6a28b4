/** Tasks that a channel started and does not wait for, until it stops. */
export interface RunningTasks {
  /** Returns the task. Its failure is the caller's to handle. */
  track<T>(task: Promise<T>): Promise<T>;
  /** Resolves when every task has ended, however it ended. */
  ended(): Promise<void>;
}

export function createRunningTasks(): RunningTasks {
  const running = new Set<Promise<unknown>>();
  return {
    track(task) {
      const ended: Promise<unknown> = task.then(
        () => running.delete(ended),
        () => running.delete(ended),
      );
      running.add(ended);
      return task;
    },
    async ended() {
      // A task may start another one while it ends.
      while (running.size > 0) await Promise.all(running);
    },
  };
}
