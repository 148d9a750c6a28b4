/** Whether somebody can be written to unasked, as far as that is known before it is tried. */
export type Reachability =
  | { kind: "reachable" }
  /** What is sent does not arrive as it is: an approved template goes in its place, or it waits until they write. */
  | { kind: "limited"; code: string; reason: string }
  /** Nothing arrives: they blocked the bot, opted out, or have not written lately enough for the platform. */
  | { kind: "unreachable"; code: string; reason: string };

/** Why nothing arrives at a user, as a platform said. */
export type Unreachable = Omit<Extract<Reachability, { kind: "unreachable" }>, "kind">;
