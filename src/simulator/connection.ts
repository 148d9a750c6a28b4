import type { IRouter } from "express";

export const PLATFORMS = ["telegram", "slack", "whatsapp", "sms"] as const;
export type PlatformName = (typeof PLATFORMS)[number];

/** A message as the user sees it. */
export interface SeenMessage {
  id: string;
  from: "user" | "bot";
  /** The words. In WhatsApp they keep their marks. */
  text: string;
  /** The text with its styles. Absent: it has none. */
  markdown?: string;
  /** The labels that can be pressed. */
  buttons?: string[];
  /** The label among them that opens a form. */
  form?: string;
  edited?: true;
  /** The emoji with which a user reacted. */
  reaction?: string;
  /** Name of the person, in groups and channels. */
  name?: string;
  /** The thread or topic that contains it. */
  thread?: string;
  /** Cards of the tools that the bot used. */
  cards?: { title: string; status: string }[];
  /** The name of the thread that it begins. */
  title?: string;
  /** The message that it answers. */
  reply_to?: string;
  /** `url` is the path of the file at the simulator. */
  file?: { name: string; content_type: string; url: string };
  /** The bot still writes it. */
  streaming?: true;
  /** SMS, or RCS. Absent: the platform has one way only. */
  via?: "sms" | "rcs";
  /** The number of segments in which the network carries an SMS. */
  segments?: number;
  /** The newest receipt that the bot got: sent, delivered, read or failed. */
  receipt?: string;
  at: string;
}

/** A chat as a phone shows it. */
export interface SeenChat {
  id: string;
  title: string;
  kind: "private" | "group";
  /** The owner of the business account with which the person chats. */
  owner?: { id: string; name: string };
  messages: SeenMessage[];
  blocked: boolean;
  /** The bot writes, or its own words for that. */
  typing: string | null;
  /** The unfinished answer that will be replaced by a message. */
  draft: string | null;
  /** The platform's own buttons, besides those of messages. */
  actions?: string[];
}

export interface SaidFile {
  name: string;
  contentType: string;
  bytes: Buffer;
}

/** A place or a contact that a user shares. */
export type SharedThing =
  | { kind: "location"; latitude: number; longitude: number; name?: string | undefined }
  | { kind: "contact"; name: string; phone: string };

/** A shared thing as a phone shows it. */
export function thingInWords(thing: SharedThing): string {
  return thing.kind === "location"
    ? `📍 ${[thing.name, `${thing.latitude}, ${thing.longitude}`].filter((word) => word).join(", ")}`
    : `👤 ${thing.name}, ${thing.phone}`;
}

/** Words of a user. */
export interface Said {
  text: string;
  /** Absent: the user shares nothing besides. */
  thing?: SharedThing | undefined;
  /** The writer's name; null: the person of a private chat, or the first member of a group. */
  from: string | null;
  thread: string | null;
  replyTo: string | null;
  file: SaidFile | null;
}

/** The reason why a user cannot do something. */
export interface Impossible {
  status: 404 | 409 | 422;
  code: string;
  message: string;
}

/** A bot's connection to a platform, seen from the side of its users. */
export interface Connection {
  platform: PlatformName;
  name: string;
  say(chat: string, said: Said): SeenMessage | Impossible;
  /** `form`: the answers, if the button opens a form; null: there are none. */
  press(chat: string, label: string, from: string | null, form?: object | null): SeenMessage | Impossible;
  /** Opens the chat, where the platform tells the bot about that. */
  open?(chat: string): SeenChat;
  /** Rewrites the user's newest message with these words. Absent: users cannot do that here. */
  edit?(chat: string, words: string, text: string): SeenMessage | Impossible;
  /** Reacts to the newest message with these words or this id; without an emoji the reaction is taken back. */
  react(
    chat: string,
    reaction: { words: string; emoji: string; from: string | null },
  ): SeenMessage | Impossible;
  look(chat: string): SeenChat;
  chats(): SeenChat[];
  block(chat: string, blocked: boolean): void;
  /** The owner of a business account connects the bot with it, or ends that. Absent: the platform has none. */
  connectBusiness?(account: string, change: { connected: boolean; canReply: boolean }): void;
  /** The form of a chat's name that the platform uses, such as a number. */
  chatId(chat: string): string;
  reset(): void;
  /** The settings that a bot needs: their names and values. */
  settings(): Record<string, string>;
  /** A file of a message, by its id. */
  file(id: string): SaidFile | null;
  /** Sets the URL that gets events. Absent: the bot sets it by itself. */
  setWebhook?(url: string): void;
}

/** A simulated platform: the API that bots call, and the connections that it serves. */
export interface Platform {
  name: PlatformName;
  /** Adds the platform's API below `/<name>`. */
  serve(router: IRouter): void;
  connections(): Connection[];
}

/** The path of a file of a message, in the control API. */
export function fileUrl(platform: PlatformName, bot: string, id: string): string {
  return `/simulator/v1/${platform}/files/${encodeURIComponent(id)}?bot=${encodeURIComponent(bot)}`;
}

export function isImpossible(outcome: SeenMessage | Impossible): outcome is Impossible {
  return "status" in outcome;
}
