/** The server's data in the API's format. */
export interface WireChannel {
  name: string;
  title: string;
  greeting: string | null;
  starters: string[];
  /** True if visitors may rate answers. */
  ratings: boolean;
  /** The allowed attachments; null if there are none. */
  attachments: { max_bytes: number; types: string[] } | null;
  /** The longest voice message; null if the agent hears none. */
  voice: { max_seconds: number } | null;
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

export interface WireFeedback {
  rating: "up" | "down";
  comment: string | null;
}

export interface WireMessage {
  id: string;
  session_id: string;
  seq: number;
  role: "user" | "assistant";
  content: string;
  /** `text`: shown unchanged. */
  format?: "text" | "markdown";
  execution_id: string | null;
  client_message_id: string | null;
  created_at: string;
  buttons: WireButton[];
  /** The payload of the button that the visitor pressed. */
  payload?: string | null;
  attachments: WireAttachment[];
  /** The visitor's rating of an answer. */
  feedback?: WireFeedback | null;
}

/** Messages from the end of a session, or from before some of them. */
export interface WirePage {
  data: WireMessage[];
  /** The written parts of stopped answers. */
  stopped: { execution_id: string; content: string }[];
  meta: { has_more: boolean };
}

export interface WireSession {
  id: string;
  status: "active" | "completed";
  title: string | null;
  /** The seq up to which the visitor has read, on any device. */
  read_seq: number;
  unread: number;
  created_at: string;
  last_activity_at: string;
}

/** One event of an unfinished answer. `id` counts through the whole answer, and text counts one per UTF-16 unit. */
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
  /** Executions without an answer so far, oldest first. */
  waiting: string[];
}

/** The question of the reset dialog. */
export interface WireResetOffer {
  prompt: "editable" | "readonly" | "hidden";
  seed_message: string | null;
  end_events: boolean;
}

/** All events of a stream, by their names. */
export type StreamEvent =
  | { event: "message"; data: WireMessage }
  | { event: "turn"; data: WireTurn }
  | { event: "state"; data: WireState }
  | { event: "gone"; data: { session_id: string } }
  | { event: "session"; data: WireSession }
  | { event: "sessions"; data: { data: WireSession[] } };
