import type { Unreachable } from "../../core/session/reachability.ts";

/** The reason why a reply outside the window is not even tried. */
export const WINDOW_CLOSED =
  "the user has not written for 24 hours, and WhatsApp takes only approved templates then (configure `template`)";

/** The reachability of a user who sent STOP. */
export const OPTED_OUT: Unreachable = {
  code: "opted_out",
  reason: "the user has opted out (STOP) and can be written to again once they write",
};

/** The reason why a marketing template is not sent. */
export const MARKETING_REFUSED =
  "the user takes no marketing messages, and the configured template is one; it goes out when they write again";
