/** The target of a live answer, on a channel that shows an answer while the bot writes it. */
export interface StreamTarget {
  address: string;
  /** The same for all attempts of one answer. */
  executionId: string;
  /** The user who gets the answer; null if the session has no user. */
  userIdentifier: string | null;
  /**
   * Called once, as soon as the platform shows a preview that does not disappear by itself. `preview` is the reference
   * that finds it again.
   */
  onStanding(preview: string): void;
}

/** A tool that the bot uses for its answer. */
export interface ToolStep {
  /** The same for all states of one use. */
  id: string;
  name: string;
  state: "running" | "done" | "failed";
}

/**
 * A preview: an answer that is shown while it is written. The channel logs a failure and continues, because the
 * delivery sends the whole answer in any case.
 */
export interface LiveStream {
  /**
   * Shows the answer so far, which only grows. Returns at once. The channel chooses the rate and shows only the newest
   * text.
   */
  show(text: string): void;
  /** Shows a tool at work, or its end, before or between the text. Returns at once. Absent: nothing shows tools here. */
  step?(step: ToolStep): void;
  /**
   * Stops showing text. Resolves when no call is running. True: the shown text no longer changes. False: a call whose
   * answer was lost may still change it.
   */
  close(): Promise<boolean>;
}
