import type { Api } from "grammy";
import type { Troubles } from "../../core/faults/troubles.ts";
import type { Logger } from "../../core/process/logger.ts";
import { createBackoff } from "../../core/time/backoff.ts";
import { setCommands } from "./commands.ts";
import type { TelegramConfig } from "./config.ts";
import { describeFault, readFault } from "./errors.ts";
import type { IdentitySource } from "./identity.ts";

export interface RegistrationDeps {
  api: Api;
  identity: IdentitySource;
  config: TelegramConfig;
  /** Null: Telegram cannot reach us, or the channel does not use a webhook. */
  registerWebhook: ((signal: AbortSignal) => Promise<void>) | null;
  log: Logger;
}

interface Step {
  name: string;
  /** True if the channel works without it. */
  optional: boolean;
  run(signal: AbortSignal): Promise<unknown>;
}

/**
 * Sets up the bot at Telegram: asks for our name, registers the webhook and the commands. Failed steps are reported and
 * retried with growing delays, until they work or the signal aborts. The service runs meanwhile.
 */
export function createRegistration(deps: RegistrationDeps) {
  const { config, log } = deps;

  /** Tries every step once. Returns the failed ones, and the delay that Telegram asked for. */
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
    /** Resolves after the first round. `done` resolves when all steps worked or the signal aborted. */
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

function stepsFor({ api, identity, config, registerWebhook }: RegistrationDeps): Step[] {
  const steps: Step[] = [
    { name: "getMe", optional: false, run: (signal) => identity.learn(signal) },
    { name: "setMyCommands", optional: true, run: (signal) => setCommands(api, config, signal) },
  ];
  if (registerWebhook === null) return steps;
  // The webhook is second, before optional steps, because messages wait for it.
  return steps.toSpliced(1, 0, { name: "setWebhook", optional: false, run: registerWebhook });
}
