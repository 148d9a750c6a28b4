import type { SaidFile } from "../connection.ts";
import { secretFor } from "../invented.ts";
import type { Conversation } from "./conversation.ts";

export interface SlackAccount {
  name: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  /** The URL that gets signed events and presses; null: none, so only Socket Mode works. */
  requestUrl: string | null;
  /** Conversations that exist from the start. */
  rooms?: readonly string[];
}

export interface SlackFile extends SaidFile {
  id: string;
}

/** An installed app, its workspace and what is said there. */
export interface SlackApp extends SlackAccount {
  ids: { user: string; bot: string; app: string; team: string };
  conversations: Map<string, Conversation>;
  /** Names of people by id. */
  people: Map<string, string>;
  files: Map<string, SlackFile>;
  /** Uploads that are not in a conversation yet. */
  uploads: Map<string, { name: string; bytes: Buffer | null }>;
  responseUrls: Map<string, { channel: string; ts: string; left: number; until: number }>;
  lastNumber: number;
  lastEvent: number;
  lastFile: number;
}

const MOST_FILES = 50;

export function createSlackApp(account: SlackAccount, firstId: number): SlackApp {
  const digits = secretFor("slack", account.name).slice(0, 7).toUpperCase();
  return {
    ...account,
    ids: { user: `U0B${digits}`, bot: `B0B${digits}`, app: `A0B${digits}`, team: "T0SIMULATE" },
    conversations: new Map(),
    people: new Map(),
    files: new Map(),
    uploads: new Map(),
    responseUrls: new Map(),
    lastNumber: 0,
    lastEvent: firstId,
    lastFile: firstId,
  };
}

/** An id of a file, such as `F0012345678`. */
export function nextFileId(app: SlackApp): string {
  return `F0${String(++app.lastFile).padStart(9, "0")}`;
}

export function addFile(app: SlackApp, file: SaidFile): SlackFile {
  const stored = { ...file, id: nextFileId(app) };
  app.files.set(stored.id, stored);
  const oldest = app.files.size > MOST_FILES ? app.files.keys().next().value : undefined;
  if (oldest !== undefined) app.files.delete(oldest);
  return stored;
}
