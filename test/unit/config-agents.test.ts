import { expect, test } from "vitest";
import { type ConfiguredAgent, restoreAgent } from "../../src/config/load-agent.ts";
import type { JsonObject } from "../../src/core/text/json.ts";
import { aFile, bots, load, problemsOf } from "./config-support.ts";

const llm = { type: "llm", baseUrl: "$LLM_BASE_URL", apiKey: "$LLM_API_KEY" };
const env = { LLM_BASE_URL: "https://llm.example.org/v1", LLM_API_KEY: "sk-very-secret" };

function agentOf(agent: JsonObject, variables: Record<string, string> = env): ConfiguredAgent {
  const loaded = load(aFile({ agents: { echo: agent } }), variables).workspaces[0]?.agents.echo;
  if (loaded === undefined) throw new Error("no agent");
  return loaded;
}

test("an agent runs with values from the environment, and its version stores only their names", () => {
  const agent = agentOf({ bot: llm });
  expect(agent.bot).toEqual({
    type: "llm",
    config: { baseUrl: "https://llm.example.org/v1", apiKey: "sk-very-secret", model: "small" },
  });
  expect(agent.published.bot).toEqual(llm);
  expect(JSON.stringify(agent.published)).not.toContain("sk-very-secret");
});

test("an unset variable is one problem with its path", () => {
  expect(problemsOf(aFile({ agents: { echo: { bot: llm } } }), { LLM_API_KEY: "k" })).toEqual([
    {
      path: "channels.config.json: agents.echo.bot.baseUrl",
      problem: "reads the environment variable LLM_BASE_URL, which is not set",
      fix: 'set LLM_BASE_URL in the environment or in .env; for the text "$LLM_BASE_URL" itself write "$$LLM_BASE_URL"',
    },
  ]);
});

test("variables of a disabled channel need not be set", () => {
  const off = { kind: "telegram", agent: "echo", enabled: false, token: "$NOT_SET" };
  const { workspaces } = load(aFile({ channels: { off, api: { kind: "api", agent: "echo" } } }));
  expect(workspaces[0]?.channels.off).toEqual({
    name: "off",
    kind: "telegram",
    agent: "echo",
    enabled: false,
    config: null,
    access: null,
    simulated: null,
  });
});

test("two dollars mean one; a dollar without a name stays unchanged", () => {
  const content = (text: string) =>
    agentOf({ bot: { type: "echo" }, messages: [{ role: "system", content: text }] });
  expect(content("$$HOME").messages[0]?.content).toBe("$HOME");
  expect(content("$5 or $$5").messages[0]?.content).toBe("$5 or $$5");
  expect(content("$$HOME").published.messages).toEqual([{ role: "system", content: "$$HOME" }]);
});

test("every omitted setting of an agent has its default, in both forms", () => {
  const agent = agentOf({ bot: { type: "echo" } });
  const history = { mode: "summarize", maxTokens: 6000, keepMessages: 20 };
  expect(agent).toMatchObject({
    slug: "echo",
    name: "echo",
    seedMessage: null,
    versioning: "pinned",
    history,
  });
  expect(agent.turns).toMatchObject({ policy: "queue", windowMs: 1500, timeoutMs: 120_000, attempts: 3 });
  // The text for a refusal is derived from the apology, unless it is configured.
  const { refusal: _derived, ...turns } = agent.turns;
  expect(agent.published).toMatchObject({ name: "echo", history, turns });
});

test("a history may have any minimum length", () => {
  const history = { mode: "summarize", maxTokens: 60, keepMessages: 1 };
  expect(agentOf({ bot: { type: "echo" }, history })).toMatchObject({ history });
});

test("the digest depends on the definition, not on the order of keys or the values of secrets", () => {
  const { digest } = agentOf({ name: "A", bot: llm });
  expect(
    agentOf({ bot: { apiKey: "$LLM_API_KEY", baseUrl: "$LLM_BASE_URL", type: "llm" }, name: "A" }).digest,
  ).toBe(digest);
  expect(agentOf({ name: "A", bot: llm }, { ...env, LLM_API_KEY: "rotated-key" }).digest).toBe(digest);
  expect(agentOf({ name: "B", bot: llm }).digest).not.toBe(digest);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
});

test("a secret in the file is not published, and an older version uses the file's present secret", () => {
  const written = { ...llm, apiKey: "sk-literal-1", headers: { "x-gateway": "gateway-literal" } };
  const old = agentOf({ name: "Old", bot: written });
  expect(JSON.stringify(old.published)).not.toMatch(/literal/);

  const current = agentOf({ name: "New", bot: { ...written, apiKey: "sk-literal-2" } });
  const { agent, problems } = restoreAgent("echo", old.published, current, { env, bots });
  expect(problems).toEqual([]);
  expect(agent).toMatchObject({ name: "Old", digest: old.digest, published: old.published });
  expect(agent?.bot.config).toMatchObject({
    apiKey: "sk-literal-2",
    headers: { "x-gateway": "gateway-literal" },
  });
});

test("a published version is the same after it is read again", () => {
  const agent = agentOf({
    bot: llm,
    messages: [{ role: "system", content: "$$HOME" }],
    events: [{ on: "timeout", after: "30m", do: [{ action: "log" }] }],
  });
  const restored = restoreAgent("echo", agent.published, null, { env, bots }).agent;
  expect(restored).toEqual({ ...agent, source: restored?.source });
  expect(agent.events).toEqual([
    {
      on: "timeout",
      attempts: 5,
      afterMs: 1_800_000,
      times: 1,
      from: "last_message",
      do: [{ action: "log" }],
    },
  ]);
});

test("secret values are listed for masking; addresses are not", () => {
  const telegram = { kind: "telegram", agent: "echo", token: "123:literal-token" };
  const { secrets } = load(aFile({ agents: { echo: { bot: llm } }, channels: { telegram } }), {
    ...env,
    DATABASE_URL: "postgres://u:p%40ss@db/x",
    CAUSEWAY_API_KEY: "operator-key-of-24-letters-1",
  });
  const shown = ["https://llm.example.org/v1", "small"];
  expect(secrets).toEqual(
    expect.arrayContaining([
      "sk-very-secret",
      "123:literal-token",
      "p%40ss",
      "p@ss",
      "operator-key-of-24-letters-1",
    ]),
  );
  expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
});

test("an undeclared name in braces is a warning that suggests the nearest name", () => {
  const messages = [
    {
      role: "system",
      content: 'You help {user_name}, who is {nmae}. Answer as {"json": {}} {{ session.id }}',
    },
    { role: "user", content: "I like {club} and {club}." },
  ];
  const agents = { echo: { bot: { type: "echo" }, variables: { name: { default: "Ada" } }, messages } };
  const { warnings } = load(aFile({ agents }));
  expect(warnings).toEqual([
    {
      path: "channels.config.json: agents.echo.messages[0].content",
      problem: "uses {nmae}, which nothing declares: without a value the model reads it with its braces",
      fix: 'write {name}, or declare it in agents.echo.variables, such as with a "default"',
    },
    {
      path: "channels.config.json: agents.echo.messages[1].content",
      problem: "uses {club}, which nothing declares: without a value the model reads it with its braces",
      fix: 'declare it in agents.echo.variables, such as with a "default"',
    },
  ]);
});

test("a name in braces is a warning if nothing is filled in there", () => {
  const agent = {
    bot: { type: "echo" },
    variables: { name: { default: "Ada" } },
    seedMessage: "Greet {name}.",
    handoff: {
      texts: { requested: 'One moment. {"a": 1}', taken: "{name} is here, {nmae}.", back: "Bye {name}" },
    },
    turns: { apology: "Sorry {user_name}.", refusal: "Sorry." },
    events: [
      { on: "user_joined", do: [{ action: "log" }, { action: "send_message", text: "Hi {user_name}" }] },
    ],
  };
  const place = "channels.config.json: agents.echo.";
  const { warnings } = load(aFile({ agents: { echo: agent } }));
  expect(warnings.map(({ path, problem }) => [path.slice(place.length), problem.split(",", 1)[0]])).toEqual([
    ["seedMessage", "has {name}"],
    ["turns.apology", "has {user_name}"],
    ["handoff.texts.taken", "has {nmae}"],
    ["handoff.texts.back", "has {name}"],
    ["events[0].do[1].text", "has {user_name}"],
  ]);
});

test("names that are declared, or that platforms provide, cause no warning", () => {
  const messages = [{ role: "system", content: "{user_name} likes {preferred exercise} and {club}." }];
  const variables = { "preferred exercise": {}, club: {} };
  expect(load(aFile({ agents: { echo: { bot: { type: "echo" }, variables, messages } } })).warnings).toEqual(
    [],
  );
});

test("a shadow is not part of a version, and must be another agent that cannot act", () => {
  const echo = { bot: { type: "echo" } };
  const withShadow = (agent: string) =>
    aFile({ agents: { echo: { ...echo, shadow: { agent, share: 0.1 } }, next: echo, llm: { bot: llm } } });
  const agent = load(withShadow("next"), env).workspaces[0]?.agents.echo;
  expect(agent?.shadow).toEqual({ agent: "next", share: 0.1, turnsPerDay: 200, tokensPerDay: 500_000 });
  expect(agent?.digest).toBe(agentOf(echo).digest);
  const path = "channels.config.json: agents.echo.shadow.agent";
  expect(problemsOf(withShadow("nextt"), env)).toEqual([
    {
      path,
      problem: 'names the agent "nextt", which is not in this file',
      fix: 'write "next" (known are "next", "llm")',
    },
  ]);
  expect(problemsOf(withShadow("echo"), env)).toMatchObject([{ path, problem: "names the agent itself" }]);
  expect(problemsOf(withShadow("llm"), env)).toMatchObject([
    { path, problem: "names an agent with a bot of type llm, which might act on its own" },
  ]);
});
