import type { Api } from "grammy";
import { createBackoff } from "../../core/backoff.ts";
import type { Logger } from "../../core/logger.ts";
import type { Troubles } from "../../core/troubles.ts";
import type { TelegramConfig } from "./config.ts";
import { describeFault, readFault } from "./errors.ts";
import type { IdentitySource } from "./identity.ts";
import { ALLOWED_UPDATES } from "./inbound.ts";

type GrammySignal = Parameters<Api["getMe"]>[0];

export interface RegistrationDeps {
  api: Api;
  identity: IdentitySource;
  config: TelegramConfig;
  /** Where Telegram should post updates; null where we are not reachable or do not want them posted. */
  webhookUrl: string | null;
  log: Logger;
}

interface Step {
  name: string;
  /** Whether the channel works without it. */
  optional: boolean;
  run(signal: AbortSignal): Promise<unknown>;
}

/**
 * Introduces us to Telegram: asks our name, registers webhook and commands. What fails is reported in words and
 * tried again, ever more rarely, until it works or the signal aborts. The service runs meanwhile.
 */
export function createRegistration(deps: RegistrationDeps) {
  const { config, log } = deps;

  /** Tries every step once; the ones that failed, and how long Telegram asked us to wait. */
  async function attempt(steps: readonly Step[], troubles: Troubles, signal: AbortSignal) {
    const failed: Step[] = [];
    let waitMs = 0;
    for (const step of steps) {
      if (signal.aborted) break;
      try {
        await step.run(signal);
        troubles.set(step.name, null);
      } catch (error) {
        if (signal.aborted) break;
        const fault = readFault(error, config.token);
        if (fault.kind === "refused") waitMs = Math.max(waitMs, fault.retryAfterMs ?? 0);
        log.warn({ step: step.name, reason: describeFault(fault) }, "telegram set-up step failed");
        if (!step.optional) troubles.set(step.name, describeFault(fault));
        failed.push(step);
      }
    }
    return { failed, waitMs };
  }

  return {
    /** Resolves after the first round; `done` resolves when everything worked or the signal aborted. */
    async start(troubles: Troubles, signal: AbortSignal): Promise<{ done: Promise<void> }> {
      const first = await attempt(stepsFor(deps), troubles, signal);
      return { done: keepTrying(first) };

      async function keepTrying({ failed, waitMs }: typeof first): Promise<void> {
        const backoff = createBackoff(5 * 60_000, signal);
        let rest = { failed, waitMs };
        while (rest.failed.length > 0 && !signal.aborted) {
          await backoff.wait(rest.waitMs);
          rest = await attempt(rest.failed, troubles, signal);
        }
      }
    },
  };
}

function stepsFor({ api, identity, config, webhookUrl }: RegistrationDeps): Step[] {
  const steps: Step[] = [
    { name: "getMe", optional: false, run: (signal) => identity.learn(signal) },
    {
      name: "setMyCommands",
      optional: true,
      run: (signal) =>
        api.setMyCommands(
          [
            { command: "start", description: "Start chatting" },
            { command: "reset", description: "Forget this conversation and start a new one" },
          ],
          {},
          signal as GrammySignal,
        ),
    },
  ];
  if (webhookUrl === null || config.secretToken === undefined) return steps;
  const options = { secret_token: config.secretToken, allowed_updates: [...ALLOWED_UPDATES] };
  const register = (signal: AbortSignal) => api.setWebhook(webhookUrl, options, signal as GrammySignal);
  // Second, before what is only nice to have: messages wait for it.
  return steps.toSpliced(1, 0, { name: "setWebhook", optional: false, run: register });
}
