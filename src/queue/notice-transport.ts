/**
 * Carries short texts to every process that shares the backend, the sender included. Best effort: what is sent while a
 * connection is down, or before a listener is there, is gone.
 */
export interface NoticeTransport {
  /** Sends texts in order. Rejects where the backend cannot be reached. */
  send(texts: string[]): Promise<void>;
  /** Calls back for every text sent from now on, by anybody. Resolves once it hears; the result stops it. */
  listen(onText: (text: string) => void): Promise<() => Promise<void>>;
}
