/** What every channel promises, by a short name that stays the same when the sentence is reworded. */
export const GUARANTEES = {
  forged: "refuses a forged or unsigned request with 401",
  content_type: "refuses a signed request of the wrong content type with 415",
  malformed: "refuses a signed request that cannot be read with 400",
  same_event: "gives the same event the same keys, and another event other keys",
  own_messages: "does not answer itself or other bots",
  unknown_events: "acknowledges events it does not know and makes nothing of them",
  round_trip: "carries what a user wrote, and a reply to where it was written",
  long_text: "delivers a text over the limit whole, in order and within the limit",
  split: "splits any text into parts that fit and lose nothing",
  rate_limited: "pauses the whole channel for as long as the platform asks",
  recipient_gone: "gives up on a recipient that is gone, and only on that one",
  credentials_revoked: "gives up on the whole channel when its credentials are refused",
  server_error: "tries again what the platform failed to do",
  unreachable: "tries again what never reached the platform",
  answer_lost: "calls a send whose answer was lost unknown",
  aborted: "answers an aborted send with a result, not with an exception",
  secrets: "keeps its secrets out of logs, results and errors, whatever goes wrong",
  start: "starts although the platform cannot be reached, and says so",
  stop: "leaves no connection behind when it stops",
  stream_finished: "turns an answer that was shown while it was written into the one that is sent",
  stream_removed: "takes away what it showed of an answer that is not sent",
  stream_refused: "sends an answer as ever where showing it was refused",
  buttons: "shows buttons, or writes them as a numbered list",
  press: "takes a press as what the button says, once, with its payload",
  forged_press: "takes no payload from a press of what was not offered",
  receipts: "reads what the platform reports of a send, and why one failed",
  window: "keeps what may not be said before the user writes again, with a reason",
  lost_send: "finds a send whose answer was lost, and only that one",
  threads: "keeps threads apart, and answers in the one it was asked in",
  capabilities: "has capabilities that agree with what it does",
} as const;

export type Guarantee = keyof typeof GUARANTEES;

declare module "vitest" {
  interface TaskMeta {
    /** Read by a reporter to show which channel keeps which guarantee; skipped tests are exceptions. */
    conformance?: { kind: string; guarantee: Guarantee; exception?: string };
  }
}
