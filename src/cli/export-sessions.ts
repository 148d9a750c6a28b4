import type { Environment } from "../config/env.ts";
import { type Print, serviceClient } from "./service-client.ts";

export interface ExportCommand {
  /** Address of the service. If null, HOST and PORT give it. */
  url: string | null;
  /** The query of `GET /exports/sessions`. */
  query: Record<string, string>;
}

/** `causeway export`: prints all sessions that match, line by line. False if it could not print all of them. */
export async function exportSessions(
  { url, query }: ExportCommand,
  env: Environment,
  { print, note }: { print: Print; note: Print },
): Promise<boolean> {
  const access = serviceClient(env, url);
  if ("problem" in access) {
    note(access.problem);
    return false;
  }
  const { baseUrl, apiKey } = access;
  const address = `${baseUrl.replace(/\/$/, "")}/api/v1/exports/sessions?${new URLSearchParams(query)}`;
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
    note("The export broke off. Run it again with --cursor and the cursor of the last line.");
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
