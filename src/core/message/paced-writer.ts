/** Writes the newest value of a source that changes faster than writes are allowed. */
export interface PacedWriter<T> {
  /** Sets a newer value. Returns at once. */
  put(value: T): void;
  /** Stops writing; resolves when the current write is complete. */
  close(): Promise<void>;
}

export interface PacedWriterOptions<T> {
  /** Minimum time between the end of one write and the next, milliseconds. */
  everyMs: number;
  /** Time after which an unchanged value is written again, milliseconds. Default: never. */
  repeatMs?: number;
  /** Returns false if no later write is useful. Must not reject. */
  write(value: T): Promise<boolean>;
}

/**
 * Does one write at a time, the first one at once. Values that arrive between two writes are dropped, except the
 * newest.
 */
export function createPacedWriter<T>({ everyMs, repeatMs, write }: PacedWriterOptions<T>): PacedWriter<T> {
  let newest: { value: T } | null = null;
  let isNew = false;
  let closed = false;
  let writing: Promise<void> | null = null;
  let pause: NodeJS.Timeout | undefined;
  let repeat: NodeJS.Timeout | undefined;

  function start(): void {
    clearTimeout(repeat);
    if (newest === null) return;
    isNew = false;
    writing = writeOnce(newest.value);
  }

  async function writeOnce(value: T): Promise<void> {
    const goesOn = await write(value);
    writing = null;
    if (!goesOn) closed = true;
    if (closed) return;
    pause = setTimeout(() => {
      pause = undefined;
      if (isNew) start();
      else if (repeatMs !== undefined) repeat = setTimeout(start, Math.max(0, repeatMs - everyMs));
    }, everyMs);
  }

  return {
    put(value) {
      if (closed) return;
      newest = { value };
      isNew = true;
      if (writing === null && pause === undefined) start();
    },
    async close() {
      closed = true;
      clearTimeout(pause);
      clearTimeout(repeat);
      await writing;
    },
  };
}
