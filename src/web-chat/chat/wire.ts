/** What the server sends, as it stands on the wire. */
export interface WireChannel {
  name: string;
  title: string;
  greeting: string | null;
  starters: string[];
  /** What may be attached; null: nothing. */
  attachments: { max_bytes: number; types: string[] } | null;
}

export interface WireVisitor {
  token: string;
  visitor_id: string;
  anonymous: boolean;
  name: string | null;
  expires_at: string | null;
}

export interface WireButton {
  label: string;
  payload?: string | null;
  url?: string | null;
}

export interface WireAttachment {
  id: string;
  kind: "image" | "audio" | "video" | "file";
  name: string | null;
  content_type: string;
  bytes: number | null;
  state: "pending" | "stored" | "failed" | "expired";
  error: string | null;
}

export interface WireMessage {
  id: string;
  session_id: string;
  seq: number;
  role: "user" | "assistant";
  content: string;
  execution_id: string | null;
  client_message_id: string | null;
  created_at: string;
  buttons: WireButton[];
  attachments: WireAttachment[];
}

/** Messages from the end of a session, or from before some of them. */
export interface WirePage {
  data: WireMessage[];
  /** What was written of answers that were stopped. */
  stopped: { execution_id: string; content: string }[];
  meta: { has_more: boolean };
}

export interface WireSession {
  id: string;
  status: "active" | "completed";
  title: string | null;
  /** Seq up to which it was seen, on whichever device. */
  read_seq: number;
  unread: number;
  created_at: string;
  last_activity_at: string;
}

/** One event of an answer being written. `id` counts along the whole of it; text counts one per UTF-16 unit. */
export interface WireTurnEvent {
  id: number;
  type: "execution" | "thinking" | "tool_start" | "tool_end" | "content" | "done" | "error";
  data: Record<string, unknown>;
}

export interface WireTurn {
  session_id: string;
  execution_id: string;
  event: WireTurnEvent;
}

export interface WireState {
  session_id: string;
  status: "active" | "completed";
  title: string | null;
  /** Executions that have not answered yet, oldest first. */
  waiting: string[];
}

/** What starting over asks for. */
export interface WireResetOffer {
  prompt: "editable" | "readonly" | "hidden";
  seed_message: string | null;
  end_events: boolean;
}

/** Everything an event stream tells, by the name of its event. */
export type StreamEvent =
  | { event: "message"; data: WireMessage }
  | { event: "turn"; data: WireTurn }
  | { event: "state"; data: WireState }
  | { event: "gone"; data: { session_id: string } }
  | { event: "session"; data: WireSession }
  | { event: "sessions"; data: { data: WireSession[] } };
