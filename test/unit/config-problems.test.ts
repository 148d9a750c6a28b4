import { expect, test } from "vitest";
import { formatConfigProblems } from "../../src/config/format-problems.ts";
import { aFile, problemsOf } from "./config-support.ts";

test("every problem of every part is reported at once, with its path and fix", () => {
  const problems = problemsOf(
    aFile({
      agents: {
        echo: { bot: { type: "ecko" } },
        coach: { bot: { type: "llm", baseUrl: "nowhere", apiKey: "k", temperature: "hot" }, hystory: {} },
      },
      channels: { api: { kind: "api", agent: "coahc" }, bot: { kind: "telegram", agent: "echo" } },
      wrkspace: 1,
    }),
    { PORT: "http" },
  );
  expect(problems).toEqual([
    { path: "environment: PORT", problem: 'is "http"', fix: "write a port number from 0 to 65535" },
    { path: "channels.config.json: wrkspace", problem: "is not a setting", fix: 'write "workspace"' },
    {
      path: "channels.config.json: agents.echo.bot.type",
      problem: 'is "ecko", and there is no such bot',
      fix: 'write "echo" (known are "echo", "llm")',
    },
    {
      path: "channels.config.json: agents.coach.hystory",
      problem: "is not a setting",
      fix: 'write "history"',
    },
    {
      path: "channels.config.json: agents.coach.bot.baseUrl",
      problem: "has a value that cannot be used",
      fix: "write a whole URL, such as https://example.org",
    },
    {
      path: "channels.config.json: agents.coach.bot.temperature",
      problem: "is a text",
      fix: "write a number without quotes",
    },
    {
      path: "channels.config.json: channels.api.agent",
      problem: 'names the agent "coahc", which is not in this file',
      fix: 'write "coach" (known are "echo", "coach")',
    },
    {
      path: "channels.config.json: channels.bot.token",
      problem: "is missing",
      fix: "add it: write a text in double quotes",
    },
  ]);
});

test("a value of several forms, a blank secret and a text that cannot be stored get a fix of their own", () => {
  const bot = { type: "llm", baseUrl: "https://llm.example", apiKey: "   " };
  const problems = problemsOf(
    aFile({
      agents: {
        one: {
          bot: { type: "echo" },
          name: "a\u0000b",
          messages: [{ role: "system", content: 5 }, { role: "system" }],
        },
        two: { bot },
        three: { bot: { ...bot, apiKey: "$BLANK" } },
      },
      desks: { support: { channel: "broken", conversation: "C1" } },
      channels: { api: { kind: "api", agent: "one" }, broken: 5 },
    }),
    { BLANK: " " },
  );
  const at = "channels.config.json: ";
  const blank = { problem: "is blank", fix: "write the secret itself, or remove the key" };
  expect(problems).toEqual([
    {
      path: `${at}agents.one.name`,
      problem: "contains the character U+0000",
      fix: "remove it: it cannot be stored",
    },
    {
      path: `${at}agents.one.messages[0].content`,
      problem: "is a number",
      fix: "write a text in double quotes, or an object in { }",
    },
    {
      path: `${at}agents.one.messages[1].content`,
      problem: "is missing",
      fix: "add it: write a text in double quotes, or an object in { }",
    },
    { path: `${at}agents.two.bot.apiKey`, ...blank },
    { path: `${at}agents.three.bot.apiKey`, ...blank },
    { path: `${at}channels.broken`, problem: "is not a channel", fix: "write an object in { }" },
  ]);
});

test("the terminal shows path, problem and fix of each", () => {
  const text = formatConfigProblems([{ path: "a.json: x", problem: "is missing", fix: "add it" }]);
  expect(text).toBe(
    "The configuration has 1 problem. Nothing was started.\n\n  a.json: x\n    is missing\n    -> add it\n",
  );
});

test("an unknown key that resembles no known one is answered with all known ones", () => {
  const [problem] = problemsOf(
    aFile({ agents: { echo: { bot: { type: "echo" }, turns: { zzzzzzzz: 1 } } } }),
  );
  expect(problem?.path).toBe("channels.config.json: agents.echo.turns.zzzzzzzz");
  expect(problem?.fix).toContain("policy, windowMs, timeoutMs");
});

test("an unknown key of a bot or channel is a problem that suggests the nearest known one", () => {
  const problems = problemsOf(
    aFile({ channels: { t: { kind: "telegram", agent: "echo", token: "t", enabld: false, tokn: "x" } } }),
  );
  expect(problems.map(({ path, fix }) => [path, fix])).toEqual([
    ["channels.config.json: channels.t.enabld", 'write "enabled"'],
    ["channels.config.json: channels.t.tokn", 'write "token"'],
  ]);
});

test("text that is not JSON is reported with line, column and reason", () => {
  const cases = [
    ['{\n  "workspace": "a",\n}', "line 3, column 1", "remove the comma before it"],
    ['{\n  "workspace": "a"\n  "agents": {}\n}', "line 3, column 3", "write a comma or a closing }"],
    ["{ // hello\n}", "line 1, column 3", "remove the comment, JSON has none"],
    [
      '{ "workspace": "a\nb" }',
      "line 1, column 18",
      'write \\n (or a file: { "file": "prompts/coach.md" }) instead',
    ],
    ['{ "workspace": "a\tb" }', "line 1, column 18", "write \\t instead"],
    [
      '{ "workspace": "C:\\dir" }',
      "line 1, column 19",
      'write \\\\ for a backslash, or one of \\n, \\t, \\"',
    ],
    ['{ "workspace": "a }', "line 1, column 16", 'write a closing "'],
    ["{ 'workspace': 1 }", "line 1, column 3", 'write a key in double quotes, such as "name"'],
    ["", "line 1, column 1", "write a value"],
    ['{ "a": 1 } x', "line 1, column 12", "write nothing after the closing }"],
  ];
  for (const [text = "", place, fix] of cases) {
    expect(problemsOf([text])[0]).toMatchObject({ path: `channels.config.json: ${place}`, fix });
  }
});

test("a channel that appears twice in a file is a problem", () => {
  const text =
    '{"workspace":"a","agents":{"e":{"bot":{"type":"echo"}}},"channels":{"x":{"kind":"api","agent":"e"},"x":{"kind":"web","agent":"e"}}}';
  expect(problemsOf([text])[0]).toMatchObject({ problem: 'the key "x" stands twice' });
});

test("files may not share a workspace, or a channel name that URLs use", () => {
  const channels = {
    api: { kind: "api", agent: "echo" },
    web: { kind: "web", agent: "echo" },
    bot: { kind: "telegram", agent: "echo", token: "$UNSET", enabled: false },
  };
  const texts = [aFile({ channels }), aFile({ channels })].map((file) => JSON.stringify(file));
  expect(problemsOf(texts).map(({ path }) => path)).toEqual([
    "more-1.json: workspace",
    "more-1.json: channels.web",
  ]);
});

test("a missing file is named", () => {
  const [problem] = problemsOf(aFile(), { CAUSEWAY_CONFIG: "elsewhere.json" });
  expect(problem).toMatchObject({ path: "elsewhere.json", problem: "does not exist" });
});

test("a kind that cannot run yet is allowed only on a disabled channel", () => {
  const slack = { kind: "slack", agent: "echo", anything: { at: "all" }, botToken: "$NOT_SET" };
  const off = { slack: { ...slack, enabled: false }, api: { kind: "api", agent: "echo" } };
  expect(() => problemsOf(aFile({ channels: off }))).toThrow("was accepted");
  expect(problemsOf(aFile({ channels: { slack } }))).toContainEqual({
    path: "channels.config.json: channels.slack.kind",
    problem: 'is "slack", which this version cannot run yet',
    fix: 'add "enabled": false to this channel, or remove it',
  });
});

test("an agent whose required variable has no source is refused on that channel, with the reason", () => {
  const agents = {
    coach: {
      bot: { type: "echo" },
      variables: {
        user_name: { required: true },
        exercise: { required: true },
        mood: { required: true, default: "ok" },
      },
    },
  };
  const channel = (kind: string) => ({ kind, agent: "coach", ...(kind === "telegram" && { token: "t" }) });
  const channels = { api: channel("api"), web: channel("web"), tg: channel("telegram") };
  expect(problemsOf(aFile({ agents, channels })).map(({ path, problem }) => `${path} ${problem}`)).toEqual([
    'channels.config.json: channels.web.agent needs the variable "user_name" of agent "coach", and nothing on a web channel supplies it',
    'channels.config.json: channels.web.agent needs the variable "exercise" of agent "coach", and nothing on a web channel supplies it',
    'channels.config.json: channels.tg.agent needs the variable "exercise" of agent "coach", and nothing on a telegram channel supplies it',
  ]);
});

test("names that are invalid in a URL or look like an id are refused", () => {
  const bot = { type: "echo" };
  const agents = { "my agent": { bot }, abcdefghijklmnopqrstuvwxyz1: { bot }, echo: { bot } };
  expect(problemsOf(aFile({ agents })).map(({ path }) => path)).toEqual([
    'channels.config.json: agents["my agent"]',
    "channels.config.json: agents.abcdefghijklmnopqrstuvwxyz1",
  ]);
});

test("an unknown event, or an action without its text, is a problem", () => {
  const events = [
    { on: "sesion_started", do: [{ action: "log" }] },
    { on: "timeout", after: "soon", do: [{ action: "send_message" }] },
  ];
  const paths = problemsOf(aFile({ agents: { echo: { bot: { type: "echo" }, events } } })).map(
    ({ path }) => path,
  );
  expect(paths).toEqual([
    "channels.config.json: agents.echo.events[0].on",
    "channels.config.json: agents.echo.events[1].after",
    "channels.config.json: agents.echo.events[1].do[0].prompt",
  ]);
});

test("an unknown agent to hand over to is a problem, beside other problems of the rule's agent", () => {
  const events = [
    { on: "user_message", do: [{ action: "log" }, { action: "start_agent", agent: "biling" }] },
  ];
  const agents = { echo: { bot: { type: "ecko" }, events }, billing: { bot: { type: "echo" } } };
  expect(problemsOf(aFile({ agents }))).toContainEqual({
    path: "channels.config.json: agents.echo.events[0].do[1].agent",
    problem: 'names the agent "biling", which is not in this file',
    fix: 'write "billing" (known are "echo", "billing")',
  });
});
