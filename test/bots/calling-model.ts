import type { BotProgress } from "../../src/bots/bot.ts";
import type { ProviderServer } from "./provider-server.ts";

/** A model that first calls these tools and then answers "Done." */
export function callsThenAnswers(server: ProviderServer, ...calls: [name: string, input: unknown][]): void {
  const toolCalls = calls.map(([name, input], index) => ({
    id: `call-${index}`,
    name,
    arguments: typeof input === "string" ? input : JSON.stringify(input),
  }));
  server.mock.on({ userMessage: "go", hasToolResult: true }, { content: "Done." });
  server.mock.on({ userMessage: "go", hasToolResult: false }, { toolCalls });
}

/** The shown summaries of the tools' results. */
export function toolSummaries(progress: readonly BotProgress[]): string[] {
  return progress.flatMap((event) => (event.type === "tool_end" ? [event.summary] : []));
}

/** The results of the tool calls that the model got. */
export function toldToModel(server: ProviderServer): string {
  const body = server.mock.getLastRequest()?.body;
  const messages = body && "messages" in body && Array.isArray(body.messages) ? body.messages : [];
  return JSON.stringify(messages.filter(({ role }) => role === "tool"));
}
