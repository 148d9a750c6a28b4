import { expect, test } from "vitest";
import { startTestApp } from "../support/app.ts";

test("a session keeps its own agent, even if its channel has another", async () => {
  await using app = await startTestApp({
    agents: {
      echo: { bot: { type: "echo" } },
      greeter: { bot: { type: "script", replies: [{ match: "hi", say: "Greetings." }] } },
    },
  });
  const { body: session } = await app.api("POST", "/chat/sessions", { agent_id: "greeter" });
  const { body: reply } = await app.api("POST", `/chat/sessions/${session.id}/messages`, { content: "hi" });
  expect(reply.content).toBe("Greetings.");
});
