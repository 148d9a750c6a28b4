import { configSchema } from "../bots/webhook/config.ts";
import { BotError } from "../core/errors.ts";
import { endpointChecks, type Objection } from "./endpoint-checks.ts";
import { createProbe } from "./endpoint-probe.ts";

export interface BotCheckOptions {
  url: string;
  secret: string;
  /** How long one answer may take. */
  timeoutMs: number;
}

const WORDS = { error: "FAIL", warning: "warn" };

/** Asks an endpoint everything docs/webhook-bot.md promises it, and prints what is wrong. True if nothing is. */
export async function checkBot(options: BotCheckOptions, print: (line: string) => void): Promise<boolean> {
  const parsed = configSchema.safeParse(options);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) print(`${path.join(".")}: ${message}`);
    return false;
  }
  print(`Checking ${options.url}\n`);
  const probe = createProbe(options);
  const objections: Objection[] = [];
  try {
    for (const [index, check] of endpointChecks.entries()) {
      const objection = await check.run(probe).catch((error: unknown) => toObjection(error, options));
      print(`  ${objection ? WORDS[objection.severity] : "ok  "}  ${check.name}`);
      if (objection === null) continue;
      objections.push(objection);
      print(`        ${objection.problem}\n        -> ${objection.fix}`);
      if (index === 0 && objection.severity === "error") {
        print("\nWithout an answer there is nothing more to check.");
        return false;
      }
    }
  } finally {
    await probe.close();
  }
  const failed = objections.filter(({ severity }) => severity === "error").length;
  print(`\n${endpointChecks.length} checks, ${failed} failed, ${objections.length - failed} warnings.`);
  return failed === 0;
}

const FIXES: Record<string, string> = {
  invalid_credentials: "give --secret (or BOT_SECRET) the secret that the endpoint has",
  endpoint_unavailable: "look into the endpoint's own log",
  request_refused: "look into the endpoint's own log: the request is as docs/webhook-bot.md describes it",
  redirected: "check the final URL instead",
  empty_reply: 'answer { "messages": [{ "content": "…" }] }, or { "no_reply": true } to stay silent',
  stream_interrupted: "end every stream with final, no_reply or error",
};

/** What an endpoint did that left a check without an answer. */
export function toObjection(error: unknown, { timeoutMs }: Pick<BotCheckOptions, "timeoutMs">): Objection {
  if (error instanceof BotError) {
    const fix = FIXES[error.code] ?? "see docs/webhook-bot.md for what an answer looks like";
    return { severity: "error", problem: error.message, fix };
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    const fix = "answer sooner, or allow more with --timeout (and bot.timeoutMs)";
    return { severity: "error", problem: `It did not answer within ${timeoutMs} ms.`, fix };
  }
  const said = error instanceof Error ? error.message : String(error);
  return {
    severity: "error",
    problem: `It cannot be reached or hung up: ${said}`,
    fix: "start it, and check the address",
  };
}
