/** An answer that is about to be written, for a channel that shows answers while they are. */
export interface StreamTarget {
  address: string;
  /** The same however often one answer is tried. */
  executionId: string;
  /** Whom the answer is for; null where the session has no user. */
  userIdentifier: string | null;
  /**
   * Called once, as soon as a preview stands on the platform that does not go away by itself, with what finds it again.
   */
  onStanding(preview: string): void;
}

/**
 * A preview: an answer shown while it is written. Best effort, its failures are the channel's to swallow after logging:
 * the delivery sends the whole answer whatever became of it.
 */
export interface LiveStream {
  /** The answer so far, which grows. Never waits: how often it is shown is the channel's to pace, the newest wins. */
  show(text: string): void;
  /**
   * Shows nothing more. Resolves when nothing is under way: true where what stands now holds still, false where a call
   * whose answer was lost may still change it.
   */
  close(): Promise<boolean>;
}
