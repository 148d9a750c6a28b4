import { expect, test } from "vitest";
import type { TurnEvent } from "../../src/core/session/turn-log.ts";
import { eventsShownTo } from "../../src/http/api/route/contacts.ts";

const VIEWER: Parameters<typeof eventsShownTo>[0] = { consoleId: "console", scopes: ["sessions:read"] };

async function* stream(events: readonly TurnEvent[]): AsyncGenerator<TurnEvent> {
  yield* events;
}

test("a viewer reads a complete masked text before the turn ends, and nothing of an abandoned attempt", async () => {
  const pieces = (from: number, ...texts: string[]): TurnEvent[] =>
    texts.map((content, index) => ({ id: from + index, type: "content", data: { content } }));
  const events: TurnEvent[] = [
    { id: 1, type: "execution", data: {} },
    ...pieces(2, "An abandoned", " attempt"),
    { id: 100, type: "execution", data: {} },
    ...pieces(101, "Ring +49 170 12", "34567"),
    { id: 103, type: "done", data: { output: { content: "Ring +49 170 1234567" } } },
  ];
  const shown: TurnEvent[] = [];
  for await (const event of eventsShownTo(VIEWER, stream(events))) shown.push(event);
  const anew = shown.slice(shown.findIndex(({ id }) => id === 100) + 1);
  expect(anew.map(({ data }) => data["content"] ?? "").join("")).toBe("Ring •••567");
  expect(anew.slice(-2)).toEqual([
    { id: 102, type: "content", data: { content: "•••567" } },
    { id: 103, type: "done", data: { output: { content: "Ring •••567" } } },
  ]);
});
