/** What the server sends, as it stands on the wire. */
export interface WireMessage {
  id: string;
  session_id: string;
  seq: number;
  role: "user" | "assistant";
  content: string;
  execution_id: string | null;
  client_message_id: string | null;
  created_at: string;
}

export interface WireSession {
  id: string;
  status: "active" | "completed";
  title: string | null;
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
  execution_id: string;
  event: WireTurnEvent;
}

export interface WireState {
  status: "active" | "completed";
  title: string | null;
  /** Executions that have not answered yet, oldest first. */
  waiting: string[];
}
