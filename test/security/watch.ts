import { performance } from "node:perf_hooks";
import type { Target } from "./attacks.ts";
import { goodBody, sign } from "./signed.ts";

export interface Watched {
  /** The longest wait of `/livez` and of a signed webhook, milliseconds. */
  longest: { livez: number; webhook: number };
  /** Every answer other than 200. */
  refused: string[];
}

/** Asks `/livez` and posts signed webhooks, one after the other, while a task runs and `rounds` times after it. */
export async function whileWatched(
  { url }: Target,
  task: () => Promise<AsyncDisposable>,
  rounds = 10,
): Promise<Watched> {
  const watched: Watched = { longest: { livez: 0, webhook: 0 }, refused: [] };
  async function ask(what: keyof Watched["longest"], call: () => Promise<Response>) {
    const begun = performance.now();
    const status = await call().then(
      async (answer) => {
        await answer.text();
        return String(answer.status);
      },
      (error: unknown) => String(error),
    );
    watched.longest[what] = Math.max(watched.longest[what], performance.now() - begun);
    if (status !== "200") watched.refused.push(`${what}: ${status}`);
  }
  let isOver = false;
  const attack = task().finally(() => {
    isOver = true;
  });
  // A failure is thrown below, after the last round.
  attack.catch(() => undefined);
  for (let after = 0; after < rounds; after += isOver ? 1 : 0) {
    await ask("livez", () => fetch(`${url}/livez`));
    await ask("webhook", () => {
      const body = goodBody("telegram");
      return fetch(`${url}/webhooks/telegram`, { method: "POST", headers: sign("telegram", body), body });
    });
  }
  await (await attack)[Symbol.asyncDispose]();
  return watched;
}
