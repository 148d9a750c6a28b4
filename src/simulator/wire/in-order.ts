/** Runs the tasks of one key one after another. Tasks must not reject. */
export function createOrder(): (key: string, task: () => Promise<unknown> | unknown) => void {
  const last = new Map<string, Promise<unknown>>();
  return (key, task) => {
    const run = (last.get(key) ?? Promise.resolve()).then(task);
    last.set(key, run);
    void run.then(() => {
      if (last.get(key) === run) last.delete(key);
    });
  };
}
