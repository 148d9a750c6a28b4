import type { Connection } from "./event-connection.ts";
import type { OutboxItem } from "./outbox.ts";
import { emptyTranscript, type Transcript } from "./transcript.ts";
import type { WireChannel, WireMessage, WireSession } from "./wire.ts";

/** A message from the chat to the visitor. */
export type Notice = "gone" | "notLoaded" | "signInAgain" | "notDone";

/** All data that a chat shows. */
export interface ChatState {
  channel: WireChannel | null;
  sessionId: string | null;
  /** The id of the current draft. It stays the same when the first message opens the session. */
  place: string;
  /** The last used first. */
  sessions: readonly WireSession[];
  transcript: Transcript;
  outbox: readonly OutboxItem[];
  connection: Connection;
  loading: boolean;
  /** This page may not use the channel, so nobody can write here. */
  refused: boolean;
  notice: Notice | null;
  /** Unread messages of the bot, in all sessions. */
  unread: number;
}

/** Events of a chat for the code around it. */
export interface ChatListener {
  onChange(): void;
  /** A new message is stored. */
  onMessage(message: WireMessage): void;
  onSession(sessionId: string | null): void;
  onEnded(sessionId: string): void;
  onIdentityExpired(): void;
  /** All data of the former visitor must be removed. */
  onForgotten(): void;
}

/** A chat without any message. */
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
  refused: false,
  unread: 0,
};
