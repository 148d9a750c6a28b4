import { expect, test } from "vitest";
import { createAdmissionLimit } from "../../src/core/process/admission-limit.ts";
import { createOpenLimit } from "../../src/http/server/open-limit.ts";
import { createOpenStreams } from "../../src/http/web/open-streams.ts";

test("streams of one address leave places for others, of every kind, and return their places", () => {
  const room = createAdmissionLimit({ count: 10, bytes: 0 });
  const streams = createOpenStreams({ perVisitor: 100, perAddress: 100 }, room);
  const keys = createOpenLimit(100, room);
  const visit = (address: string) =>
    streams.open({ visitorId: "v", address, tab: null, end: () => undefined });
  const flood = Array.from({ length: 100 }, () => visit("attacker")).filter((leave) => leave !== null);
  expect(flood).toHaveLength(5);
  expect(
    Array.from({ length: 100 }, () => keys.open("busy key")).filter((leave) => leave !== null),
  ).toHaveLength(2);
  expect(visit("somebody")).not.toBeNull();
  expect(visit("attacker")).toBeNull();
  for (const leave of flood) leave();
  for (const leave of flood) leave();
  expect(visit("attacker")).not.toBeNull();
});
