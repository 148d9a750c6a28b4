import type { Response } from "express";
import type { z } from "zod";
import { type Connection, isImpossible, type SeenChat, type SharedThing } from "../connection.ts";
import { refused } from "./refused.ts";
import type {
  blockSchema,
  businessSchema,
  editSchema,
  openSchema,
  pressSchema,
  reactSchema,
  saySchema,
} from "./requests.ts";
import type { RunRecord } from "./run-record.ts";

/** An action of a user in a chat: its checked body, the bot's connection, and the run that notes it. */
export interface Action<Body> {
  connection: Connection;
  /** The chat, or the business account, that the path names; empty if it names none. */
  chat: string;
  account: string;
  body: Body;
  record: RunRecord;
  response: Response;
}

/** Writes a message, or shares a file, a place or a contact. */
export function say({ connection, chat, body, record, response }: Action<z.infer<typeof saySchema>>): void {
  const { text = "", from = null, thread = null, reply_to: replyTo = null, file, location, contact } = body;
  const thing: SharedThing | undefined =
    location === undefined ? contact && { kind: "contact", ...contact } : { kind: "location", ...location };
  const sent = file && {
    name: file.name,
    contentType: file.content_type,
    bytes: Buffer.from(file.data, "base64"),
  };
  const { platform, name: bot } = connection;
  const shared = { ...(location && { location }), ...(contact && { contact }) };
  const takeBack = record.note({
    say: {
      ...{ platform, chat, bot, text, ...shared },
      ...(from !== null && { from }),
      ...placeOf("thread", connection.look(chat), thread),
      ...placeOf("reply_to", connection.look(chat), replyTo),
    },
  });
  const said = connection.say(chat, { text, thing, from, thread, replyTo, file: sent ?? null });
  answer(response, said, takeBack);
}

/** Presses a button. */
export function press({
  connection,
  chat,
  body,
  record,
  response,
}: Action<z.infer<typeof pressSchema>>): void {
  const { platform, name: bot } = connection;
  const { label, from, form } = body;
  const message = connection.look(chat).messages.findLast(({ buttons }) => buttons?.includes(label));
  if (form !== undefined && message?.form !== label)
    return void refused(response, 409, "no_form", `No button "${label}" in this chat opens a form.`);
  const filled = form === undefined ? {} : { form };
  const pressing = { platform, chat, bot, label, ...(from === undefined ? {} : { from }), ...filled };
  const takeBack = record.note({ press: pressing });
  answer(response, connection.press(chat, label, from ?? null, form ?? null), takeBack);
}

/** Opens the chat, where the platform tells the bot about that. */
export function open({ connection, chat, record, response }: Action<z.infer<typeof openSchema>>): void {
  const { platform, name: bot } = connection;
  if (connection.open === undefined)
    return void refused(
      response,
      409,
      "not_told",
      `${platform} does not tell a bot that its chat was opened.`,
    );
  record.note({ open: { platform, chat, bot } });
  response.json(connection.open(chat));
}

/** Reacts to a message with an emoji, or takes the reaction back. */
export function react({
  connection,
  chat,
  body,
  record,
  response,
}: Action<z.infer<typeof reactSchema>>): void {
  const { platform, name: bot } = connection;
  const { message: words, emoji, from = null } = body;
  const takeBack = record.note({
    react: { platform, chat, bot, message: words, emoji, ...(from === null ? {} : { from }) },
  });
  answer(response, connection.react(chat, { words, emoji, from }), takeBack);
}

/** Rewrites a message of the user. */
export function edit({ connection, chat, body, record, response }: Action<z.infer<typeof editSchema>>): void {
  const { platform, name: bot } = connection;
  const { message, text } = body;
  if (connection.edit === undefined)
    return void refused(response, 409, "edits_not_simulated", `Edits on ${platform} are not simulated.`);
  const takeBack = record.note({ edit: { platform, chat, bot, message, text } });
  answer(response, connection.edit(chat, message, text), takeBack);
}

/** Blocks the bot, or unblocks it. */
export function block({
  connection,
  chat,
  body: { blocked },
  record,
  response,
}: Action<z.infer<typeof blockSchema>>): void {
  const { platform, name: bot } = connection;
  record.note({ block: { platform, chat, bot, blocked } });
  connection.block(chat, blocked);
  response.json({ blocked });
}

/** Connects the bot with a business account, or ends that. */
export function connectBusiness({
  connection,
  account,
  body: { connected, can_reply: canReply },
  record,
  response,
}: Action<z.infer<typeof businessSchema>>): void {
  const { platform, name: bot } = connection;
  if (connection.connectBusiness === undefined)
    return void refused(response, 409, "no_businesses", `No business accounts of ${platform} are simulated.`);
  record.note({ business: { platform, account, bot, connected, can_reply: canReply } });
  connection.connectBusiness(account, { connected, canReply });
  response.json({ connected, can_reply: canReply });
}

/** @param takeBack removes the step from the run. A refused step would be refused again, and end a replay. */
function answer(response: Response, outcome: ReturnType<Connection["say"]>, takeBack: () => void): void {
  if (!isImpossible(outcome)) return void response.status(201).json(outcome);
  takeBack();
  refused(response, outcome.status, outcome.code, outcome.message);
}

/** The place of a message in the chat. A step names the message, or its thread, by an id. */
function placeOf<Name extends string>(name: Name, { messages }: SeenChat, id: string | null) {
  const place =
    id === null ? -1 : messages.findIndex((message) => message.id === id || message.thread === id);
  return place < 0 ? {} : ({ [name]: place } as Record<Name, number>);
}
