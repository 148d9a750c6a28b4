import { refuse, toAnswer } from "../../src/simulator/telegram/answers.ts";
import { startScriptedSimulator } from "./scripted-simulator.ts";

export type ScriptedTelegram = Awaited<ReturnType<typeof startScriptedTelegram>>;

/** A refusal of the Bot API. */
export interface TelegramFault {
  answer: number;
  description?: string;
  parameters?: { retry_after?: number };
}

/** A simulated bot. Tests write its updates themselves. `chats`: those that it knows from the start. */
export async function startScriptedTelegram({
  token = "4242:TEST-token_secret",
  chats = [] as readonly string[],
} = {}) {
  const scripted = await startScriptedSimulator("telegram", (simulator) =>
    simulator.addTelegram({ name: "telegram", token, secretToken: "" }),
  );
  const { origin, simulator, close } = scripted;
  const [phone] = simulator.connections();
  for (const chat of chats) phone?.block(chat, false);
  const root = `${origin}/telegram`;

  return {
    /** For `apiRoot`. */
    url: root,
    token,
    username: "causeway_bot",
    /** The methods of all calls, carried out or not. */
    get calls(): string[] {
      return scripted.names();
    },
    /** The parameters with which the current webhook was set; null: there is none. */
    get webhook(): Record<string, unknown> | null {
      const [set, deleted] = ["setWebhook", "deleteWebhook"].map((name) => scripted.carriedOut(name).at(-1));
      return set === undefined || (deleted && deleted.at > set.at) ? null : JSON.parse(set.body);
    },
    /** The texts of the bot that the user of a chat sees. */
    textsIn: (chat: string): string[] =>
      phone?.look(chat).messages.flatMap(({ from, text }) => (from === "bot" ? [text] : [])) ?? [],
    /** Calls a method, as another service with the same token would. Returns the result. */
    async call(method: string, body: object = {}): Promise<object> {
      const answer = await fetch(`${root}/bot${token}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const { result, description } = (await answer.json()) as { result?: object; description?: string };
      if (result === undefined) throw new Error(description);
      return result;
    },
    /** The next calls of a method are refused. */
    fail(method: string, { answer, description, parameters }: TelegramFault, times = 1): void {
      const refusal = {
        ...refuse(answer, description ?? "refused by the test"),
        ...(parameters && { parameters }),
      };
      scripted.fail(method, { answer: toAnswer(refusal) as { status: number; body: object } }, times);
    },
    /** Calls of this method have this result from now on. */
    tell: (method: string, result: object) =>
      scripted.tell(method, { status: 200, body: { ok: true, result } }),
    /** The server does not know this method. */
    lacks: (method: string) =>
      scripted.tell(method, {
        status: 404,
        body: { ok: false, ...refuse(404, "Not Found: method not found") },
      }),
    forget: scripted.forget,
    /** Changes the accepted token, as @BotFather does after a revocation. */
    revokeToken: () => void simulator.faults.add({ platform: "telegram", fault: "revoke_token" }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
