import { expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startChatApp } from "./chat-app.ts";

const coach = (text: string) => ({
  bot: { type: "echo" },
  messages: [{ role: "system", content: text }],
});

it("a session keeps its first version, and the session after it gets the current one", async () => {
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

const oneChannel = { api: { kind: "api", agent: "coach" } };
const file = (text: string, more: object = {}) => ({ coach: { ...coach(text), ...more } });

/** An application whose agent has two versions, with a session opened under each. */
async function twoVersions(first: object = {}, second: object = {}) {
  const app = await startChatApp({ agents: file("good", first), channels: oneChannel });
  const open = async () => (await app.api("POST", "/chat/sessions", { agent_id: "coach" })).body;
  const before = await open();
  await app.configure({ agents: file("bad", second), channels: oneChannel });
  await app.app.reload();
  const after = await open();
  expect([before.agent_version, after.agent_version]).toEqual([1, 2]);
  const prompt = async (id: string) =>
    (await app.api("POST", `/chat/sessions/${id}/render`, {})).body.messages[0].content;
  return { app, open, before, after, prompt, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

it("a session can move only to another version of its own agent", async () => {
  await using world = await twoVersions();
  const { app, after, prompt } = world;
  const said = await app.api("POST", `/chat/sessions/${after.id}/messages`, { content: "hello" });
  const rated = await app.api("POST", `/messages/${said.body.id}/feedback`, { rating: "up" });
  expect([said.status, rated.status]).toEqual([201, 200]);
  const moved = await app.api("PATCH", `/chat/sessions/${after.id}`, { agent_version: 1 });
  expect([moved.status, moved.body.agent_version]).toEqual([200, 1]);
  expect(await prompt(after.id)).toBe("good");
  // The answer of the former version, and its rating, stay with that version.
  const again = await app.api("POST", `/chat/sessions/${after.id}/messages`, { content: "again" });
  const versionOf = async (id: string) => (await app.api("GET", `/executions/${id}`)).body.agent_version;
  expect([await versionOf(said.body.execution_id), await versionOf(again.body.execution_id)]).toEqual([2, 1]);
  const ratings = await app.api("GET", `/feedback?session_id=${after.id}`);
  expect(ratings.body.data).toMatchObject([{ agent_version: 2 }]);
  const missing = await app.api("PATCH", `/chat/sessions/${after.id}`, { agent_version: 3 });
  expect([missing.status, missing.body.error.code]).toEqual([404, "version_not_found"]);
  const wrong = await app.api("PATCH", `/chat/sessions/${after.id}`, { agent_version: 0 });
  expect(wrong.status).toBe(422);
});

it("a move to a version with a new required variable is refused; fewer variables are allowed", async () => {
  const needy = { variables: { dose: { required: true } } };
  await using app = await startChatApp({ agents: file("one"), channels: oneChannel });
  const { body: session } = await app.api("POST", "/chat/sessions", { agent_id: "coach" });
  await app.configure({ agents: file("two", needy), channels: oneChannel });
  await app.app.reload();
  const patch = (body: object) => app.api("PATCH", `/chat/sessions/${session.id}`, body);
  expect((await patch({ agent_version: 2 })).body.error.code).toBe("missing_variables");
  const both = await patch({ agent_version: 2, variables: { dose: "5 mg" } });
  expect([both.status, both.body.agent_version]).toEqual([200, 2]);
  expect((await patch({ agent_version: 1 })).body.agent_version).toBe(1);

  // A message to somebody without a session opens one, which needs the value too.
  const trigger = (more: object) =>
    app.api("POST", "/trigger_bot_message", {
      ...{ agent_id: "coach", channel: "api", identifier: "ada", message_text: "Hello." },
      ...more,
    });
  const refused = await trigger({});
  expect([refused.status, refused.body.error.code, refused.body.error.details]).toEqual([
    422,
    "missing_variables",
    { missing: ["dose"] },
  ]);
  expect((await trigger({ participant_data: { dose: "5 mg" } })).status).toBe(202);
  expect((await trigger({ participant_data: { dose: null } })).status).toBe(202);
});

it("a rollback moves new and open sessions to the previous version, and survives a reload", async () => {
  await using world = await twoVersions();
  const { app, open, before, after, prompt } = world;
  const rollback = await app.api("POST", "/agents/coach/rollback", {});
  expect(rollback.status, JSON.stringify(rollback.body)).toBe(200);
  expect(rollback.body).toMatchObject({ from: 2, to: 1, sessions_moved: 1 });
  expect([await prompt(before.id), await prompt(after.id)]).toEqual(["good", "good"]);
  await eventually(async () => expect((await open()).agent_version).toBe(1));

  await app.app.reload();
  expect((await open()).agent_version).toBe(1);
  expect(app.log.some(({ message }) => message.includes("rolled back"))).toBe(true);

  await app.configure({ agents: file("better"), channels: oneChannel });
  await app.app.reload();
  expect((await open()).agent_version).toBe(3);
});

it("a rollback without an earlier version is an error, and changes nothing", async () => {
  await using world = await twoVersions();
  const { app, after } = world;
  for (const version of [2, 3, 99]) {
    const { status, body } = await app.api("POST", "/agents/coach/rollback", { version });
    expect([status, body.error.code]).toEqual([404, "version_not_found"]);
  }
  expect((await app.api("POST", "/agents/nobody/rollback", {})).body.error.code).toBe("agent_not_found");
  expect((await app.api("GET", `/chat/sessions/${after.id}`)).body.agent_version).toBe(2);
});
