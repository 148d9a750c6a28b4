import { expect, it } from "vitest";
import { startChatApp } from "./chat-app.ts";

const coach = (text: string) => ({
  bot: { type: "echo" },
  messages: [{ role: "system", content: text }],
});

it("a session keeps the version it began with, and what follows it gets the current one", async () => {
  const agents = (text: string) => ({ echo: { bot: { type: "echo" } }, coach: coach(text) });
  const channels = { api: { kind: "api", agent: "echo" } };
  await using app = await startChatApp({ agents: agents("version one"), channels });
  const open = async (body: object = {}) =>
    (await app.api("POST", "/chat/sessions", { agent_id: "coach", ...body })).body;
  const prompt = async (id: string) =>
    (await app.api("POST", `/chat/sessions/${id}/render`, {})).body.messages[0].content;

  const [kept, reset, typed, ended] = [await open(), await open(), await open(), await open()];
  await app.configure({ agents: agents("version two"), channels });
  await app.app.reload();

  const fresh = await open();
  expect([kept.agent_version, fresh.agent_version]).toEqual([1, 2]);
  expect((await open({ version: 1 })).agent_version).toBe(1);
  expect([await prompt(kept.id), await prompt(fresh.id)]).toEqual(["version one", "version two"]);

  const afterReset = await app.api("POST", `/chat/sessions/${reset.id}/reset`, {});
  expect(afterReset.body).toMatchObject({ agent_id: kept.agent_id, agent_version: 2 });

  const say = (id: string, content: string) => app.api("POST", `/chat/sessions/${id}/messages`, { content });
  const answer = await say(typed.id, "/reset");
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  const afterCommand = await app.api("GET", `/chat/sessions/${answer.body.session_id}`);
  expect(afterCommand.body).toMatchObject({ agent_id: kept.agent_id, agent_version: 2 });

  await app.api("POST", `/chat/sessions/${ended.id}/end`, {});
  const { body } = await say(ended.id, "Hello?");
  const successor = await app.api("GET", `/chat/sessions/${body.session_id}`);
  expect(successor.body).toMatchObject({ agent_id: kept.agent_id, agent_version: 2 });
});
