import type { Connection } from "./event-connection.ts";
import type { OutboxItem } from "./outbox.ts";
import { emptyTranscript, type Transcript } from "./transcript.ts";
import type { WireChannel, WireMessage, WireSession } from "./wire.ts";

/** Something the person has to be told. */
export type Notice = "gone" | "notLoaded" | "signInAgain" | "notDone";

/** Everything a chat shows. */
export interface ChatState {
  channel: WireChannel | null;
  sessionId: string | null;
  /** Names what is being written; it stays when the first message opens the session. */
  place: string;
  /** Last used first. */
  sessions: readonly WireSession[];
  transcript: Transcript;
  outbox: readonly OutboxItem[];
  connection: Connection;
  loading: boolean;
  notice: Notice | null;
  /** Messages of the bot that nobody has seen, in all sessions. */
  unread: number;
}

/** What the surroundings of a chat may want to know. */
export interface ChatListener {
  onChange(): void;
  /** A message is stored that was not known before. */
  onMessage(message: WireMessage): void;
  onSession(sessionId: string | null): void;
  onEnded(sessionId: string): void;
  onIdentityExpired(): void;
}

/** A chat in which nothing has been said yet. */
export const nothingOpen = {
  sessionId: null,
  transcript: emptyTranscript,
  loading: false,
  notice: null,
} as const;

export const initialState: ChatState = {
  ...nothingOpen,
  channel: null,
  place: "",
  sessions: [],
  outbox: [],
  connection: "connecting",
  unread: 0,
};
