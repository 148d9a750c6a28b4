import { z } from "zod";
import type { Environment } from "../config/env.ts";
import { timeLimit } from "../core/time/time-limit.ts";
import { serviceClient } from "./service-client.ts";
import { newestMessageOf } from "./users-and-chat.ts";

export interface WhyRequest {
  /** Id of a message, an execution, a delivery or a session. */
  id: string;
  /** Address of the service. If null, the environment gives it. */
  url: string | null;
  json: boolean;
}

const TIMEOUT_MS = 15_000;

const trailSchema = z.object({
  trace_id: z.string().nullable().optional(),
  summary: z.string(),
  facts: z.array(z.object({ at: z.string(), what: z.string(), why: z.string().nullable(), id: z.string() })),
});

/**
 * Asks the running service what happened to a message, and prints it. If there is no answer, prints the reason and
 * returns false.
 */
export async function printWhy(
  request: WhyRequest,
  env: Environment,
  print: (line: string) => void,
): Promise<boolean> {
  const access = serviceClient(env, request.url);
  if ("problem" in access) {
    print(access.problem);
    return false;
  }
  const { baseUrl: base, apiKey: key, client } = access;
  const trailOf = (id: string) => ask(`${base}/api/v1/messages/${encodeURIComponent(id)}/trail`, key);
  let answer = await trailOf(request.id);
  if (answer?.status === 404) {
    // The text may name a user instead. Then use that user's newest message.
    const message = await newestMessageOf(client, request.id);
    if (message !== null) answer = await trailOf(message);
  }
  const trail = answer?.status === 200 ? trailSchema.safeParse(parse(answer.text)).data : undefined;
  if (trail === undefined) {
    print(problem(answer?.status ?? null, request.id, base));
    return false;
  }
  if (request.json) print(answer?.text ?? "");
  else for (const line of lines(trail)) print(line);
  return true;
}

async function ask(url: string, key: string): Promise<{ status: number; text: string } | null> {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: timeLimit(TIMEOUT_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return null;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problem(status: number | null, id: string, base: string): string {
  if (status === null)
    return `The service does not answer at ${base}. Start it, or give its address with --url.`;
  if (status === 404)
    return `Nothing at ${base} has the id ${id} (a message, execution, delivery or session), and no user has that name.`;
  if (status === 401 || status === 403)
    return `The service at ${base} refuses the key: set CAUSEWAY_API_KEY.`;
  return `The service at ${base} answered HTTP ${status}.`;
}

function lines({ trace_id: traceId = null, summary, facts }: z.output<typeof trailSchema>): string[] {
  return [
    summary,
    ...(traceId === null ? [] : [`Trace: ${traceId}`]),
    "",
    ...facts.flatMap(({ at, what, why }) => [
      `${at}  ${what}`,
      ...(why === null ? [] : [`${" ".repeat(26)}${why}`]),
    ]),
  ];
}
