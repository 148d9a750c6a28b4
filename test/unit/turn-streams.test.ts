import { describe, expect, test } from "vitest";
import { asLaterAttempt, type LogEntry, type TurnEvent } from "../../src/core/session/turn-log.ts";
import type { Json, JsonObject } from "../../src/core/text/json.ts";
import type { Notices, StoredStream } from "../../src/turns/streams/stream-notices.ts";
import { createTurnStreams } from "../../src/turns/streams/turn-streams.ts";
import { eventually } from "../support/eventually.ts";

/** Processes that exchange notices, and the stored stream. */
function world() {
  const listeners = new Map<string, Set<(data: Json) => void>>();
  const notices: Notices = {
    publish: (topic, data) => {
      for (const listener of [...(listeners.get(topic) ?? [])]) listener(data);
    },
    subscribe(topic, listener) {
      const known = listeners.get(topic) ?? new Set();
      listeners.set(topic, known.add(listener));
      return () => known.delete(listener);
    },
  };
  const state: { stored: StoredStream } = { stored: { ended: false } };
  const process = () => createTurnStreams({ notices, stored: async () => state.stored });
  return { process, state };
}

const begin = { execution_id: "e", user_message_id: "m" };
const done = (content: string): JsonObject => ({ output: { content } });

/** Follows from `afterId` until the end, and collects the events. */
function follower(streams: ReturnType<typeof createTurnStreams>, afterId = 0) {
  const seen: TurnEvent[] = [];
  const ended = (async () => {
    for await (const event of streams.follow("e", afterId, new AbortController().signal)) seen.push(event);
  })();
  const text = () => seen.map(({ type, data }) => (type === "content" ? data["content"] : "")).join("");
  return { seen, ended, text };
}

const types = (seen: readonly TurnEvent[]) => seen.map(({ type }) => type);
const ids = (seen: readonly TurnEvent[]) => seen.map(({ id }) => id);
const expectGrowing = (seen: readonly TurnEvent[]) =>
  expect(ids(seen)).toEqual([...new Set(ids(seen))].sort((a, b) => a - b));

/** One process writes a part of an answer and dies. Another process starts again, as the second attempt. */
async function takenOver(first: string, second: string, chunk = 3) {
  const { process, state } = world();
  const [web, dying, successor] = [process(), process(), process()];
  const watching = follower(web);
  const one = dying.open("e", 0);
  one.append("execution", begin);
  one.append("thinking", { content: "Hm." });
  one.append("content", { content: first });
  await eventually(() => expect(watching.text()).toBe(first));
  dying.stop();
  const two = successor.open("e", 1);
  two.append("execution", begin);
  two.append("thinking", { content: "Well." });
  for (let at = 0; at < second.length; at += chunk)
    two.append("content", { content: second.slice(at, at + chunk) });
  two.append("done", done(second));
  const log = [...two.log.entries()];
  await watching.ended;
  state.stored = { ended: true, log };
  return { watching, log, web };
}

describe("a follower of an answer that another process starts again", () => {
  test("gets the rest if the new answer starts with the same text", async () => {
    const { watching } = await takenOver("Once upon", "Once upon a time.");
    expect(watching.text()).toBe("Once upon a time.");
    expect(types(watching.seen).filter((type) => type !== "content")).toEqual([
      "execution",
      "thinking",
      "done",
    ]);
    expectGrowing(watching.seen);
  });

  test.each([
    ["another text", "Twice upon a time."],
    ["a text that differs later", "Once upon, twice."],
    ["a shorter text", "Once."],
    ["the beginning of the same", "Once"],
  ])("gets only the end if the new answer is %s", async (_, second) => {
    const { watching } = await takenOver("Once upon a", second);
    expect(watching.text()).toBe("Once upon a");
    expect(watching.seen.at(-1)).toMatchObject({ type: "done", data: done(second) });
    expectGrowing(watching.seen);
  });

  test("gets the end if its id points to unknown text", async () => {
    const { watching, web } = await takenOver("Once upon a", "Twice.");
    const lastText = watching.seen.findLast(({ type }) => type === "content")?.id ?? 0;
    const back = follower(web, lastText);
    await back.ended;
    expect(back.seen).toEqual([watching.seen.at(-1)]);
  });

  test("gets the complete text if it saw only the beginning", async () => {
    const { web } = await takenOver("Once upon a", "Twice.");
    const back = follower(web, 1);
    await back.ended;
    expect(back.text()).toBe("Twice.");
    expect(types(back.seen)).not.toContain("execution");
    const later = follower(web, back.seen[1]?.id ?? 0);
    await later.ended;
    expect([...back.seen.slice(0, 2), ...later.seen]).toEqual(back.seen);
  });

  test("gets only the new answer if it follows from the start", async () => {
    const { web } = await takenOver("Once upon a", "Twice.");
    const fresh = follower(web);
    await fresh.ended;
    expect([fresh.text(), types(fresh.seen)]).toEqual([
      "Twice.",
      ["execution", "thinking", "content", "done"],
    ]);
  });
});

test("a follower gets the end of the other message if both are answered together", async () => {
  const { process, state } = world();
  const streams = process();
  const watching = follower(streams);
  const own = streams.open("e", 0);
  own.append("execution", begin);
  own.append("content", { content: "About the first" });
  await eventually(() => expect(watching.text()).toBe("About the first"));
  const other: LogEntry[] = [
    { type: "execution", data: begin },
    { type: "content", data: { content: "Both." } },
    { type: "done", data: done("Both.") },
  ];
  state.stored = { ended: true, log: asLaterAttempt(other, 7) };
  own.close();
  await watching.ended;
  expect(types(watching.seen)).toEqual(["execution", "content", "done"]);
  expect(watching.seen.at(-1)?.data).toEqual(done("Both."));
  expectGrowing(watching.seen);
});

test.each<[TurnEvent["type"], JsonObject, JsonObject]>([
  ["tool_start", { name: "a\u0000", input: { b: "\ud83d" } }, { name: "a\ufffd", input: { b: "\ufffd" } }],
  ["tool_end", { summary: "\u0000" }, { summary: "\ufffd" }],
  ["error", { message: "no\u0000", code: "x" }, { message: "no\ufffd", code: "x" }],
  ["done", { output: { content: "a\\u0000" } }, { output: { content: "a\\u0000" } }],
])("followers of a %s read what the database will store", async (type, written, kept) => {
  const { process } = world();
  const streams = process();
  const watching = follower(streams);
  const stream = streams.open("e", 0);
  stream.append(type, written);
  stream.close();
  await eventually(() => expect(watching.seen.map(({ data }) => data)).toEqual([kept]));
  expect(stream.log.entries()).toEqual([{ type, data: kept }]);
});
