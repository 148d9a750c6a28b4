import type { Unreachable } from "../../core/session/reachability.ts";

/** The reachability of a user who sent STOP. */
export const OPTED_OUT: Unreachable = {
  code: "opted_out",
  reason: "the user has opted out (STOP) and can be written to again once they write",
};
