/** Writes the newest value of something that changes faster than it may be written. */
export interface PacedWriter<T> {
  /** A newer value. Never waits. */
  put(value: T): void;
  /** Writes nothing more; resolves when the write under way is over. */
  close(): Promise<void>;
}

export interface PacedWriterOptions<T> {
  /** The shortest time between the end of one write and the next, milliseconds. */
  everyMs: number;
  /** Writes the last value again when it has stood for so long, milliseconds; default: never. */
  repeatMs?: number;
  /** False where it was the last write: nothing more is of use. Must not reject. */
  write(value: T): Promise<boolean>;
}

/** One write at a time, the first at once. Between two writes only the newest value counts. */
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
