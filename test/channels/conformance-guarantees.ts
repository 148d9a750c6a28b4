/** The guarantees of every channel. Each has a short name that stays the same when the sentence is reworded. */
export const GUARANTEES = {
  forged: "refuses a forged or unsigned request with 401",
  content_type: "refuses a signed request of the wrong content type with 415",
  malformed: "refuses a signed request that cannot be read with 400",
  same_event: "gives the same event the same keys, and a different event different keys",
  own_messages: "answers neither its own messages nor those of other bots",
  unknown_events: "acknowledges events that it does not know, and ignores them",
  round_trip: "delivers a user's text to the bot, and the reply to the same conversation",
  long_text: "delivers a long text in several parts: complete, in order, each within the limit",
  answers: "answers accepted requests as the platform expects; a refusal names only the problem",
  stored_first: "confirms an event from its own connection only after the event is stored",
  resumed: "continues after its connection breaks, without losing or repeating an event",
  values: "seals the secrets that it keeps in the database",
  split: "splits any text into parts that fit, without losing anything",
  rate_limited: "waits as long as the platform asks",
  conversation_limited: "delays only the conversation to which a rate limit applies",
  recipient_gone: "gives up on a recipient that no longer exists, and on no other",
  credentials_revoked: "gives up on the whole channel when its credentials are refused",
  server_error: "tries a send again after the platform failed",
  unreachable: "tries a send again that never reached the platform",
  answer_lost: 'reports the result "unknown" for a send whose answer was lost',
  aborted: "returns a result for an aborted send, and throws nothing",
  secrets: "keeps its secrets out of logs, results and errors, whatever fails",
  start: "starts although it cannot reach the platform, and reports that",
  stop: "closes all connections when it stops, and sends nothing afterwards",
  stream_finished: "turns the preview of an answer into the final answer",
  stream_removed: "removes the preview of an answer that is not sent",
  stream_refused: "sends the answer normally after the platform refused to show a preview",
  buttons: "shows buttons, or writes them as a numbered list",
  most_buttons: "shows as many buttons as it declares, with labels as long as it declares",
  mentions: "notifies nobody whose name occurs in a reply",
  press: "reads a press as the label of the button, once, with its payload",
  forged_press: "takes no payload from a press of a button that was not offered",
  receipts: "reads the platform's reports on a send, with the reason of a failure",
  reactions: "reads a thumb reaction to our message as a rating, and removes the rating with the reaction",
  stop_button: "stops the answer of the conversation in which the user presses the platform's Stop button",
  window: "keeps a message that must wait until the user writes again, with a reason",
  lost_send: "finds a send whose answer was lost, and finds no other",
  threads: "keeps threads separate, and answers in the thread of the question",
  capabilities: "declares capabilities that agree with its behaviour",
} as const;

export type Guarantee = keyof typeof GUARANTEES;

declare module "vitest" {
  interface TaskMeta {
    /** A reporter reads this to show the guarantees that each channel keeps. Skipped tests are exceptions. */
    conformance?: { kind: string; guarantee: Guarantee; exception?: string };
  }
}
