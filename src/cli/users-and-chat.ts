import type { Causeway, Message, Session, User } from "../client/index.ts";
import { CausewayError } from "../client/index.ts";
import type { Environment } from "../config/env.ts";
import { askService, type Print, type ServiceCommand } from "./service-client.ts";

/** Maximum number of users that one call shows. */
const SHOWN = 50;

/** `causeway users <text>`: prints the users whose name or identifier contains a text. */
export function printUsers(command: ServiceCommand, env: Environment, print: Print): Promise<boolean> {
  return askService(command, env, print, async (client) => {
    const users = await findUsers(client, command.subject);
    if (command.json) print(JSON.stringify(users));
    else for (const user of users) print(userLine(user));
    if (users.length === 0) print(`No user has the name ${command.subject}.`);
    return users.length > 0;
  });
}

/** `causeway chat <session or person>`: prints a conversation as both sides read it. */
export function printChat(command: ServiceCommand, env: Environment, print: Print): Promise<boolean> {
  return askService(command, env, print, async (client) => {
    const session =
      (await sessionById(client, command.subject)) ?? (await newestSession(client, command.subject));
    if (session === null) {
      print(`There is no session ${command.subject}, and no user of that name has one.`);
      return false;
    }
    const messages: Message[] = [];
    for await (const message of client.chat.listMessages(session.id, { include: ["notice"] })) {
      messages.push(message);
    }
    if (command.json) print(JSON.stringify({ session, messages }));
    else for (const line of transcript(session, messages)) print(line);
    return true;
  });
}

/** The newest message of the user with this name or identifier; null if there is none. */
export async function newestMessageOf(client: Causeway, name: string): Promise<string | null> {
  const session = await newestSession(client, name);
  if (session === null) return null;
  let newest: string | null = null;
  for await (const message of client.chat.listMessages(session.id)) {
    if (message.role === "user") newest = message.id;
  }
  return newest;
}

/** Finds users by id, then by the exact identifier, then by words of the name or identifier. */
export async function findUsers(client: Causeway, text: string): Promise<User[]> {
  if (/^[0-9A-Za-z]{27}$/.test(text)) {
    const user = await unlessMissing(client.users.get(text));
    if (user !== null) return [user];
  }
  const exact = await take(client.users.list({ identifier: text, limit: SHOWN }));
  return exact.length > 0 ? exact : take(client.users.list({ q: text, limit: SHOWN }));
}

async function newestSession(client: Causeway, name: string): Promise<Session | null> {
  const [user] = await findUsers(client, name);
  if (user === undefined) return null;
  const [session] = await take(client.sessions.list({ userId: user.id, limit: 1 }));
  return session ?? null;
}

const sessionById = (client: Causeway, id: string): Promise<Session | null> =>
  unlessMissing(client.sessions.get(id));

/** Null in place of something that does not exist. */
function unlessMissing<T>(call: Promise<T>): Promise<T | null> {
  return call.catch((error: unknown) => {
    if (error instanceof CausewayError && (error.status === 404 || error.status === 400)) return null;
    throw error;
  });
}

/** The first page of a list. */
async function take<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) {
    items.push(item);
    if (items.length === SHOWN) break;
  }
  return items;
}

function userLine(user: User): string {
  const reach = user.reachable.ok ? "" : `  (unreachable: ${user.reachable.reason})`;
  return `${user.id}  ${user.channel}  ${user.identifier}  ${user.name ?? ""}${reach}`.trimEnd();
}

function transcript(session: Session, messages: readonly Message[]): string[] {
  const head = `Session ${session.id} on ${session.channel}, ${session.status}`;
  const speaker = (message: Message) =>
    message.origin === "instruction" ? "instruction" : message.role === "user" ? "user" : message.origin;
  return [
    session.endReason === null ? head : `${head} (${session.endReason})`,
    "",
    ...messages.map((message) => {
      const files = message.attachments.map(({ name, kind }) => `[${name ?? kind}]`);
      return `${message.createdAt}  ${speaker(message)}: ${[message.content, ...files].join(" ").trim()}`;
    }),
  ];
}
