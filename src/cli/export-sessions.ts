import { toWire } from "../client/case.ts";
import type { Environment } from "../config/env.ts";
import { askService, type Print, serviceClient } from "./service-client.ts";
import { findUsers } from "./users-and-chat.ts";

export interface ExportCommand {
  /** Address of the service. If null, HOST and PORT give it. */
  url: string | null;
  /** The query of `GET /exports/sessions`. */
  query: Record<string, string>;
}

interface ExportOutput {
  print: Print;
  note: Print;
}

/** `causeway export`: prints all sessions that match, line by line. False if it could not print all of them. */
export function exportSessions(
  { url, query }: ExportCommand,
  env: Environment,
  output: ExportOutput,
): Promise<boolean> {
  const path = `/exports/sessions?${new URLSearchParams(query)}`;
  return printExport({ url, path, again: " with --cursor and the cursor of the last line" }, env, output);
}

/** `causeway export --user`: prints everything that is stored about one person. */
export async function exportPerson(
  { url, person }: { url: string | null; person: string },
  env: Environment,
  output: ExportOutput,
): Promise<boolean> {
  let id: string | null = null;
  const found = await askService({ subject: person, url, json: true }, env, output.note, async (client) => {
    const users = await findUsers(client, person);
    id = users.length === 1 ? (users[0]?.id ?? null) : null;
    if (users.length === 0) output.note(`No user has the name ${person}.`);
    if (users.length > 1) {
      output.note(`Several users have the name ${person}. Give the id of one:`);
      for (const user of users) output.note(`  ${user.id}  ${user.channel}  ${user.identifier}`);
    }
    return id !== null;
  });
  if (!found || id === null) return false;
  return await printExport({ url, path: `/users/${id}/export`, again: "" }, env, output);
}

/** `causeway export --erasure`: prints the certificate of an erased person, as the API has it. */
export function exportErasure(
  { url, userId }: { url: string | null; userId: string },
  env: Environment,
  { print, note }: ExportOutput,
): Promise<boolean> {
  return askService({ subject: userId, url, json: true }, env, note, async (client) => {
    const [certificate] = (await client.users.listErasures({ userId, limit: 1 })).data;
    if (certificate === undefined) note(`No user with the id ${userId} was erased here.`);
    else print(JSON.stringify(toWire(certificate), null, 2));
    return certificate !== undefined;
  });
}

async function printExport(
  { url, path, again }: { url: string | null; path: string; again: string },
  env: Environment,
  { print, note }: ExportOutput,
): Promise<boolean> {
  const access = serviceClient(env, url);
  if ("problem" in access) {
    note(access.problem);
    return false;
  }
  const { baseUrl, apiKey } = access;
  const address = `${baseUrl.replace(/\/$/, "")}/api/v1${path}`;
  const answer = await fetch(address, { headers: { "X-API-Key": apiKey } }).catch(() => null);
  if (!answer?.body) {
    note(`The service does not answer at ${baseUrl}. Start it, or give its address with --url.`);
    return false;
  }
  if (!answer.ok) {
    const { error } = (await answer.json()) as { error: { message: string } };
    note(error.message);
    return false;
  }
  try {
    await printLines(answer.body, print);
    return true;
  } catch {
    note(`The export broke off. Run it again${again}.`);
    return false;
  }
}

/** Prints whole lines only. */
async function printLines(body: ReadableStream<Uint8Array>, print: Print): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) print(line);
  }
}
