/** The guarantees of every channel. Each has a short name that stays the same when the sentence is reworded. */
export const GUARANTEES = {
  forged: "refuses a forged or unsigned request with 401",
  content_type: "refuses a signed request of the wrong content type with 415",
  malformed: "refuses a signed request that cannot be read with 400",
  same_event: "gives the same event the same keys, and another event other keys",
  own_messages: "does not answer itself or other bots",
  unknown_events: "acknowledges events it does not know and makes nothing of them",
  round_trip: "carries what a user wrote, and a reply to where it was written",
  long_text: "delivers a text over the limit whole, in order and within the limit",
  answers: "answers what it takes as the platform expects, and says in a refusal what is wrong and no more",
  stored_first: "confirms what comes over a connection of its own only once it is stored",
  resumed: "goes on after its connection was cut, with nothing lost and nothing counted twice",
  values: "seals the secrets that it keeps in the database",
  split: "splits any text into parts that fit and lose nothing",
  rate_limited: "waits for as long as the platform asks",
  conversation_limited: "lets a limit of one conversation hold up that conversation alone",
  recipient_gone: "gives up on a recipient that is gone, and only on that one",
  credentials_revoked: "gives up on the whole channel when its credentials are refused",
  server_error: "tries again what the platform failed to do",
  unreachable: "tries again what never reached the platform",
  answer_lost: "calls a send whose answer was lost unknown",
  aborted: "answers an aborted send with a result, not with an exception",
  secrets: "keeps its secrets out of logs, results and errors, whatever goes wrong",
  start: "starts although the platform cannot be reached, and says so",
  stop: "leaves no connection behind when it stops, and sends nothing afterwards",
  stream_finished: "turns an answer that was shown while it was written into the one that is sent",
  stream_removed: "takes away what it showed of an answer that is not sent",
  stream_refused: "sends an answer as ever where showing it was refused",
  buttons: "shows buttons, or writes them as a numbered list",
  most_buttons: "shows as many buttons as it says, with labels as long as it says",
  mentions: "notifies nobody whom a reply only names",
  press: "takes a press as what the button says, once, with its payload",
  forged_press: "takes no payload from a press of what was not offered",
  receipts: "reads what the platform reports of a send, and why one failed",
  reactions: "takes a thumb below a message of ours as its rating, and takes it back with the thumb",
  stop_button: "takes the platform's own Stop button for the answer of that conversation",
  window: "keeps what may not be said before the user writes again, with a reason",
  lost_send: "finds a send whose answer was lost, and only that one",
  threads: "keeps threads apart, and answers in the one it was asked in",
  capabilities: "has capabilities that agree with what it does",
} as const;

export type Guarantee = keyof typeof GUARANTEES;

declare module "vitest" {
  interface TaskMeta {
    /** A reporter reads this to show the guarantees that each channel keeps. Skipped tests are exceptions. */
    conformance?: { kind: string; guarantee: Guarantee; exception?: string };
  }
}
