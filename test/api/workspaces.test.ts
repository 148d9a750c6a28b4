import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";
import { type SignedIn, signIn } from "../support/console.ts";

/** A second workspace in its own file. Its API channel has the same name as the first one's. */
const CLINIC = {
  workspace: "clinic",
  agents: { nurse: { bot: { type: "script", sequence: [{ say: "The nurse is here." }] } } },
  channels: {
    api: { kind: "api", agent: "nurse" },
    "clinic-web": { kind: "web", agent: "nurse" },
    telegram: { kind: "telegram", agent: "nurse", token: "$UNSET", enabled: false },
  },
};

let directory: string;
let app: TestApp;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-workspaces-"));
  const file = join(directory, "clinic.json");
  await writeFile(file, JSON.stringify(CLINIC));
  app = await startTestApp({
    channels: {
      api: { kind: "api", agent: "echo" },
      web: { kind: "web", agent: "echo" },
      telegram: { kind: "telegram", agent: "echo", token: "$UNSET", enabled: false },
    },
    env: { CAUSEWAY_CONFIG: `channels.config.json,${file}` },
  });
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const clinic = { "X-Workspace": "clinic" };
const open = async (agent: string, headers = {}) =>
  (await app.api("POST", "/chat/sessions", { agent_id: agent }, headers)).body;
const answerIn = async (id: string, headers = {}) =>
  (await app.api("POST", `/chat/sessions/${id}/messages`, { content: "Hi" }, headers)).body.content;

it("each workspace can have an API channel with the same name", async () => {
  const home = await open("echo");
  const away = await open("nurse", clinic);
  expect([home.channel, away.channel]).toEqual(["api", "api"]);
  expect(away.workspace_id).not.toBe(home.workspace_id);
  expect(await answerIn(home.id)).toBe("You said: Hi");
  expect(await answerIn(away.id, clinic)).toBe("The nurse is here.");
  const trigger = { agent_id: "nurse", channel: "api", identifier: "ada", message_text: "Hello" };
  expect((await app.api("POST", "/trigger_bot_message", trigger, clinic)).status).toBe(202);
  expect((await app.api("POST", "/trigger_bot_message", trigger)).body.error.code).toBe("agent_not_found");
});

it("the console chooses one by a cookie, and only the operator key may use it", async () => {
  const read = async (person: SignedIn, workspace: string) => {
    const cookie = `${person.cookie}; causeway_workspace=${workspace}`;
    const { body } = await person.call("GET", "/console/session", undefined, { cookie });
    const agents = await person.call("GET", "/api/v1/agents", undefined, { cookie });
    return [
      body.workspaces.find(({ id }: { id: string }) => id === body.workspace_id).slug,
      agents.body.data[0].slug,
    ];
  };
  const operator = await signIn(app.url, { key: app.apiKey });
  expect(await read(operator, "clinic")).toEqual(["clinic", "nurse"]);
  for (const other of ["default", "nowhere", "%"]) {
    expect(await read(operator, other)).toEqual(["default", "echo"]);
  }
  const { body: key } = await app.api("POST", "/api_keys", { name: "Ada", scopes: ["admin"] });
  expect(await read(await signIn(app.url, { key: key.secret }), "clinic")).toEqual(["default", "echo"]);
});

it("the choice still works after a reload", async () => {
  await app.app.reload();
  expect(await answerIn((await open("nurse", clinic)).id, clinic)).toBe("The nurse is here.");
  expect(await answerIn((await open("echo")).id)).toBe("You said: Hi");
});

it("each workspace sees its own channels, and the whole service sees all of them", async () => {
  const { body } = await app.api("GET", "/channels", undefined, clinic);
  expect(body.data.map(({ name }: { name: string }) => name).sort()).toEqual([
    "api",
    "clinic-web",
    "telegram",
  ]);
  const ready = JSON.parse(await (await fetch(`${app.url}/readyz`)).text());
  expect(Object.keys(ready.channels).sort()).toEqual(["api", "clinic-web", "web"]);
  expect((await fetch(`${app.url}/chat/clinic-web`)).status).toBe(200);
});
