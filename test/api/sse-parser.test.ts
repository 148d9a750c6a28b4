import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents, type ServerEvent } from "../../src/client/sse.ts";

async function parse(chunks: readonly Uint8Array[]): Promise<ServerEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}
const bytes = (text: string) => new TextEncoder().encode(text);

describe("the client's event parser", () => {
  it.each([
    ["id: 1\nevent: a\ndata: x\n\n", [{ id: "1", event: "a", data: "x" }]],
    ["data:x\r\n\r\n", [{ id: "", event: "message", data: "x" }]],
    ["data: x\r\r", [{ id: "", event: "message", data: "x" }]],
    ["data: one\ndata: two\n\n", [{ id: "", event: "message", data: "one\ntwo" }]],
    [": comment\n\ndata: x\n\n", [{ id: "", event: "message", data: "x" }]],
    [
      "id: 7\ndata: a\n\ndata: b\n\n",
      [
        { id: "7", event: "message", data: "a" },
        { id: "7", event: "message", data: "b" },
      ],
    ],
    ["event: a\n\ndata: b\n\n", [{ id: "", event: "message", data: "b" }]],
    ["data: cut off", []],
    ["data: cut off\n", []],
    ["retry: 5\nunknown: x\ndata\n\n", [{ id: "", event: "message", data: "" }]],
  ])("reads %j as the standard says", async (text, expected) => {
    expect(await parse([bytes(text)])).toEqual(expected);
  });

  it("gives the same result wherever the network splits the data", async () => {
    const ending = fc.constantFrom("\n", "\r\n", "\r");
    const line = fc
      .string({ unit: "grapheme", maxLength: 12 })
      .map((text) => text.replaceAll(/[\r\n\0]/g, ""));
    const event = fc.record({
      id: fc.nat(99),
      name: fc.constantFrom("content", "done"),
      data: fc.array(line, { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 4 }),
        ending,
        fc.array(fc.nat()),
        async (events, end, cuts) => {
          const text = events
            .map(({ id, name, data }) =>
              [`id: ${id}`, `event: ${name}`, ...data.map((part) => `data: ${part}`), "", ""].join(end),
            )
            .join("");
          const whole = bytes(text);
          const places = [
            0,
            ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b),
            whole.length,
          ];
          const chunks = places.slice(1).map((place, index) => whole.slice(places[index], place));
          // A lone carriage return at the very end may be half of a line ending. The next bytes decide.
          const closing = end === "\r" ? [bytes(": end\n")] : [];
          expect(await parse([...chunks, ...closing])).toEqual(
            events.map(({ id, name, data }) => ({ id: String(id), event: name, data: data.join("\n") })),
          );
        },
      ),
    );
  });
});
