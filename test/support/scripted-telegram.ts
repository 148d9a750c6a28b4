import { startScriptedSimulator } from "./scripted-simulator.ts";

/** A simulated bot for tests of what Telegram says about it. `rooms`: groups that it is in. */
export async function startScriptedTelegram({
  token = "4242:TEST-token_secret",
  rooms = [] as readonly string[],
} = {}) {
  const scripted = await startScriptedSimulator("telegram", (simulator) =>
    simulator.addTelegram({ name: "telegram", token, secretToken: "", rooms }),
  );
  const { origin, simulator, close } = scripted;
  const root = `${origin}/telegram`;
  return {
    /** For `apiRoot`. */
    url: root,
    token,
    username: "causeway_bot",
    /** Calls a method, as another service with the same token would. */
    async call(method: string, body: object): Promise<void> {
      const answer = await fetch(`${root}/bot${token}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    /** Calls of this method have this result from now on. */
    tell: (method: string, result: object) =>
      scripted.tell(method, { status: 200, body: { ok: true, result } }),
    /** Changes the accepted token, as @BotFather does after a revocation. */
    revokeToken: () => void simulator.faults.add({ platform: "telegram", fault: "revoke_token" }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
