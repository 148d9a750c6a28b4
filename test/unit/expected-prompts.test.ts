import { expect, test } from "vitest";
import type { ContextRepository } from "../../src/turns/prompt/context-repository.ts";
import { expectPrompts } from "../../src/turns/prompt/expected-prompts.ts";
import type { PromptSession } from "../../src/turns/prompt/prompt-session.ts";

/** An idle session whose next message gets seq 5, until a test changes it. */
function world() {
  let time = 0;
  let readings = 0;
  const session = { idle: true, nextSeq: 5, situation: "before" };
  const unread = () => Promise.reject(new Error("not asked for here"));
  const repository: ContextRepository = {
    async promptSession() {
      readings += 1;
      if (session.situation === "broken") throw new Error("the database is away");
      return { ...blank, ...session };
    },
    history: unread,
    unsummarized: unread,
    storeSummary: unread,
    summaryState: unread,
    participantData: unread,
    language: unread,
  };
  const prompts = expectPrompts(repository, { now: () => new Date(time) });
  const question = { agentId: "coach", beforeSeq: 5, limit: 100 };
  return {
    session,
    expect: () => prompts.expect("s1", "coach", 100),
    ask: (change: Partial<typeof question> = {}) => prompts.promptSession("s1", { ...question, ...change }),
    pass: (ms: number) => {
      time += ms;
    },
    readings: () => readings,
  };
}

const blank: PromptSession & { recent: [] } = {
  id: "s1",
  agentId: "coach",
  agentVersion: 1,
  situation: null,
  summary: null,
  summarySeq: 0,
  renderTemplates: false,
  variables: {},
  metadata: {},
  nextSeq: 1,
  idle: true,
  user: null,
  participantData: {},
  recent: [],
};

test("an expected prompt is read once, in advance", async () => {
  const { expect: expectPrompt, ask, readings, session } = world();
  expectPrompt();
  session.situation = "after";
  expect(await ask()).toMatchObject({ situation: "before" });
  expect(readings()).toBe(1);
  // A further attempt of the turn sees later changes.
  expect(await ask()).toMatchObject({ situation: "after" });
});

test.each<[string, (of: ReturnType<typeof world>) => Promise<unknown>]>([
  ["somebody else spoke before the message was stored", ({ ask }) => ask({ beforeSeq: 6 })],
  ["another agent has taken over", ({ ask }) => ask({ agentId: "nurse" })],
  [
    "the turn had to wait",
    ({ ask, pass }) => {
      pass(201);
      return ask();
    },
  ],
])("a prompt read in advance is not used if %s", async (_why, later) => {
  const it = world();
  it.expect();
  it.session.situation = "after";
  expect(await later(it)).toMatchObject({ situation: "after" });
});

test("a prompt is read again after a turn in its session, because it needs that answer", async () => {
  const { expect: expectPrompt, ask, session } = world();
  session.idle = false;
  expectPrompt();
  Object.assign(session, { idle: true, situation: "after" });
  expect(await ask()).toMatchObject({ situation: "after" });
});

test("a prompt is read again if the read in advance failed", async () => {
  const { expect: expectPrompt, ask, session } = world();
  session.situation = "broken";
  expectPrompt();
  session.situation = "after";
  expect(await ask()).toMatchObject({ situation: "after" });
});
