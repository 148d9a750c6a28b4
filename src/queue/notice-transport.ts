/**
 * Carries short texts to every process that shares the backend, including the sender. Best effort: a text is lost if it
 * is sent while a connection is down, or before a listener exists.
 */
export interface NoticeTransport {
  /** Sends texts in order. Rejects if the backend is unreachable. */
  send(texts: string[]): Promise<void>;
  /**
   * Calls back for every text that any process sends from now on. Resolves once it listens, with a function that stops
   * it.
   */
  listen(onText: (text: string) => void): Promise<() => Promise<void>>;
}
