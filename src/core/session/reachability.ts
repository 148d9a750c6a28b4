/** Tells if an unprompted message can reach a user, as far as that is known before a send. */
export type Reachability =
  | { kind: "reachable" }
  /** The message cannot arrive unchanged: an approved template replaces it, or it waits until the user writes. */
  | { kind: "limited"; code: string; reason: string }
  /** Nothing arrives: the user blocked the bot, opted out, or has not written recently enough for the platform. */
  | { kind: "unreachable"; code: string; reason: string };

/** The platform's reason why nothing arrives at a user. */
export type Unreachable = Omit<Extract<Reachability, { kind: "unreachable" }>, "kind">;
