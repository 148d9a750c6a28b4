import { expect, test } from "vitest";
import { aFile, load, problemsOf } from "./config-support.ts";

const TELEGRAM = { kind: "telegram", agent: "echo", token: "4242:token" };
const CHANNELS = { api: { kind: "api", agent: "echo" }, phone: TELEGRAM };
const DESK = { channel: "phone", conversation: "-100123" };

const agent = (handoff: object, events: object[] = []) => ({
  echo: { bot: { type: "echo" }, handoff: { ...handoff }, events: events.map((event) => ({ ...event })) },
});

test("by default an agent can be handed over without a text, and the handoff ends after a silent hour", () => {
  const [workspace] = load(aFile()).workspaces;
  expect(workspace?.agents["echo"]?.handoff).toEqual({
    desk: null,
    userWords: [],
    onFailure: false,
    idleMs: 3_600_000,
    ownPhone: false,
    texts: { requested: null, taken: null, released: null, back: null },
  });
});

test("words of users are compared without case and surrounding spaces", () => {
  const [workspace] = load(
    aFile({ agents: agent({ userWords: [" /Human "], idleMinutes: null }) }),
  ).workspaces;
  expect(workspace?.agents["echo"]?.handoff).toMatchObject({ userWords: ["/human"], idleMs: null });
});

test("agents and their rules name a desk", () => {
  const rule = { on: "user_message", do: [{ action: "handoff", desk: "support" }] };
  const file = aFile({
    agents: agent({ desk: "support" }, [rule]),
    channels: CHANNELS,
    desks: { support: DESK },
  });
  expect(load(file).workspaces[0]?.desks).toEqual({ support: DESK });
});

test.each([
  [
    { desks: { support: { ...DESK, channel: "fax" } } },
    "desks.support.channel",
    'names the channel "fax", which is not in this file',
  ],
  [
    { desks: { support: { ...DESK, channel: "api" } } },
    "desks.support.channel",
    'names the channel "api" of kind "api", on which there are no desks',
  ],
  [{ desks: { support: { channel: "phone" } } }, "desks.support.conversation", "is missing"],
  [{ desks: { support: { ...DESK, chanel: "phone" } } }, "desks.support.chanel", "is not a setting"],
  [{ desks: { support: "phone" } }, "desks.support", "is not a desk"],
  [
    { agents: agent({ desk: "suport" }), desks: { support: DESK } },
    "agents.echo.handoff.desk",
    'names the desk "suport", which is not in this file',
  ],
  [
    { agents: agent({}, [{ on: "user_message", do: [{ action: "handoff", desk: "night" }] }]) },
    "agents.echo.events[0].do[0].desk",
    'names the desk "night", which is not in this file',
  ],
])("%j is a problem", (over, path, problem) => {
  const problems = problemsOf(aFile({ channels: CHANNELS, ...over }));
  expect(problems.map((found) => [found.path, found.problem])).toEqual([
    [`channels.config.json: ${path}`, problem],
  ]);
});
