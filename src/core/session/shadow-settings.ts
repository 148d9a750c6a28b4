/** An agent's `shadow`: another agent that answers its turns, too, without being sent. */
export interface ShadowSettings {
  /** The name of that agent, in the same file. */
  agent: string;
  /** The share of the sessions, above 0 and up to 1. */
  share: number;
  /** Maximum number of its turns in a day (UTC). */
  turnsPerDay: number;
  /** Maximum number of its tokens in a day (UTC). The turn that reaches it is still finished. */
  tokensPerDay: number;
}
