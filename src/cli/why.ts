import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Environment } from "../config/env.ts";
import { resolvePublicUrl } from "../config/public-url.ts";
import { parseSettings } from "../config/settings.ts";
import { timeLimit } from "../core/time-limit.ts";

export interface WhyRequest {
  /** Of a message, an execution, a delivery or a session. */
  id: string;
  /** Where the service is; null: where the environment says it listens. */
  url: string | null;
  json: boolean;
}

const PATIENCE_MS = 15_000;

const trailSchema = z.object({
  summary: z.string(),
  facts: z.array(z.object({ at: z.string(), what: z.string(), why: z.string().nullable(), id: z.string() })),
});

/** Asks the running service what happened to a message, and prints it. False, with the reason, where it does not know. */
export async function printWhy(
  request: WhyRequest,
  env: Environment,
  print: (line: string) => void,
): Promise<boolean> {
  const { settings } = parseSettings(env);
  const { host, port } = settings;
  const base = request.url ?? resolvePublicUrl({ publicUrl: null, host, port }).url;
  const key = settings.apiKey ?? keyIn(settings.dataDir);
  if (key === null) {
    print(`There is no key: set CAUSEWAY_API_KEY, or run this where ${settings.dataDir} is.`);
    return false;
  }
  const answer = await ask(`${base}/api/v1/messages/${encodeURIComponent(request.id)}/trail`, key);
  const trail = answer?.status === 200 ? trailSchema.safeParse(parse(answer.text)).data : undefined;
  if (trail === undefined) {
    print(problem(answer?.status ?? null, request.id, base));
    return false;
  }
  if (request.json) print(answer?.text ?? "");
  else for (const line of lines(trail)) print(line);
  return true;
}

function keyIn(dataDir: string): string | null {
  const path = join(dataDir, "api-key");
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
}

async function ask(url: string, key: string): Promise<{ status: number; text: string } | null> {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${key}` },
      redirect: "error",
      signal: timeLimit(PATIENCE_MS),
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
    return `The service does not answer at ${base}. Start it, or say where it is with --url.`;
  if (status === 404)
    return `Nothing at ${base} has the id ${id}: a message, execution, delivery or session.`;
  if (status === 401 || status === 403)
    return `The service at ${base} refuses the key: set CAUSEWAY_API_KEY.`;
  return `The service at ${base} answered HTTP ${status}.`;
}

function lines({ summary, facts }: z.output<typeof trailSchema>): string[] {
  return [
    summary,
    "",
    ...facts.flatMap(({ at, what, why }) => [
      `${at}  ${what}`,
      ...(why === null ? [] : [`${" ".repeat(26)}${why}`]),
    ]),
  ];
}
