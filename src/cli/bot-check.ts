import { configSchema } from "../bots/webhook/config.ts";
import { BotError } from "../core/faults/errors.ts";
import { endpointChecks, type Problem } from "./endpoint-checks.ts";
import { createProbe } from "./endpoint-probe.ts";

export interface BotCheckOptions {
  url: string;
  secret: string;
  /** Time limit for one answer. */
  timeoutMs: number;
}

const WORDS = { error: "FAIL", warning: "warn" };

/** Checks an endpoint against every rule of docs/webhook-bot.md and prints the problems. True if it finds none. */
export async function checkBot(options: BotCheckOptions, print: (line: string) => void): Promise<boolean> {
  const parsed = configSchema.safeParse(options);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) print(`${path.join(".")}: ${message}`);
    return false;
  }
  print(`Checking ${options.url}\n`);
  const probe = createProbe(options);
  const problems: Problem[] = [];
  try {
    for (const [index, check] of endpointChecks.entries()) {
      const problem = await check.run(probe).catch((error: unknown) => toProblem(error, options));
      print(`  ${problem ? WORDS[problem.severity] : "ok  "}  ${check.name}`);
      if (problem === null) continue;
      problems.push(problem);
      print(`        ${problem.what}\n        -> ${problem.fix}`);
      if (index === 0 && problem.severity === "error") {
        print("\nWithout an answer, no other check is possible.");
        return false;
      }
    }
  } finally {
    await probe.close();
  }
  const failed = problems.filter(({ severity }) => severity === "error").length;
  print(`\n${endpointChecks.length} checks, ${failed} failed, ${problems.length - failed} warnings.`);
  return failed === 0;
}

const FIXES: Record<string, string> = {
  invalid_credentials: "set --secret (or BOT_SECRET) to the endpoint's secret",
  endpoint_unavailable: "read the endpoint's own log",
  request_refused: "read the endpoint's own log: the request is as docs/webhook-bot.md describes it",
  redirected: "check the final URL instead",
  empty_reply: 'answer { "messages": [{ "content": "…" }] }, or { "no_reply": true } to stay silent',
  stream_interrupted: "end every stream with final, no_reply or error",
};

/** Turns the reason why a check got no answer into a problem. */
export function toProblem(error: unknown, { timeoutMs }: Pick<BotCheckOptions, "timeoutMs">): Problem {
  if (error instanceof BotError) {
    const fix = FIXES[error.code] ?? "see docs/webhook-bot.md for what an answer looks like";
    return { severity: "error", what: error.message, fix };
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    const fix = "answer sooner, or allow more with --timeout (and bot.timeoutMs)";
    return { severity: "error", what: `It did not answer within ${timeoutMs} ms.`, fix };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return {
    severity: "error",
    what: `It cannot be reached, or it closed the connection: ${reason}`,
    fix: "start it, and check the address",
  };
}
