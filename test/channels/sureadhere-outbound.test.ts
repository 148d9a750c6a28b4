import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSureadhere, startFakeSureadhere } from "../support/fake-sureadhere.ts";
import { createSubjectTools, partOf } from "./conformance-subject.ts";
import { PATIENT, sureadhereChannel } from "./sureadhere-subject.ts";

const soon = () => AbortSignal.timeout(10_000);

let fake: FakeSureadhere;
let channel: Channel;

beforeEach(async () => {
  fake = await startFakeSureadhere();
  channel = sureadhereChannel(fake);
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

const send = (text: string, address = PATIENT) => channel.send(partOf(address, text), soon());
const count = (endpoint: string) => fake.requests.filter((each) => each === endpoint).length;

describe("sending", () => {
  test("delivers to the patient the address names, without the marks of Markdown", async () => {
    expect(await send("**Grüße** 👋🏽 & <b>", "P-00/7")).toEqual({ kind: "sent", externalIds: ["delivery"] });
    expect(fake.delivered).toEqual([{ patientId: "P-00/7", text: "Grüße 👋🏽 & <b>" }]);
  });

  test("leaves a text as it was written where that is asked for", async () => {
    await channel.send({ ...partOf(PATIENT, "# 5 is *your* code _12_34_"), format: "text" }, soon());
    expect(fake.delivered).toEqual([{ patientId: PATIENT, text: "# 5 is *your* code _12_34_" }]);
  });

  test("knows before what cannot be a patient's id", async () => {
    expect(await channel.canReach?.(PATIENT)).toEqual({ kind: "reachable" });
    expect(await channel.canReach?.(" 4711")).toMatchObject({
      kind: "unreachable",
      code: "sureadhere_bad_address",
    });
  });

  test("uses one token, and connections again and again, for message after message", async () => {
    for (let n = 0; n < 10; n++) await send(`${n}`);
    expect([count("token"), count("send")]).toEqual([1, 10]);
    // A second one may be opened while the first is about to become free.
    expect(fake.openConnections()).toBeLessThanOrEqual(2);
  });

  test("asks for one token when many messages go out at once", async () => {
    const sent = await Promise.all(Array.from({ length: 40 }, (_, n) => send(`${n}`, `patient-${n}`)));
    expect(sent.filter(({ kind }) => kind === "sent")).toHaveLength(40);
    expect([count("token"), count("send")]).toEqual([1, 40]);
  });

  test("asks for one more when a token is refused to many, and each of them is delivered once", async () => {
    await send("first");
    fake.revokeTokens();
    const sent = await Promise.all(Array.from({ length: 40 }, (_, n) => send(`${n}`, `patient-${n}`)));
    expect(sent.filter(({ kind }) => kind === "sent")).toHaveLength(40);
    expect(count("token")).toBe(2);
    expect(fake.delivered).toHaveLength(41);
  });

  test("gives up on the channel when a new token is refused too", async () => {
    await send("first");
    fake.fail({ answer: 401 }, { times: 2 });
    expect(await send("hello")).toMatchObject({
      kind: "failed",
      scope: "connection",
      code: "sureadhere_401",
      reason: expect.stringContaining("clientId"),
    });
    expect(count("token")).toBe(2);
    expect(await send("later")).toMatchObject({ kind: "sent" });
  });

  test("gives up on one patient who is gone, and on no other", async () => {
    fake.discharge("gone");
    expect(await send("hello", "gone")).toMatchObject({ kind: "failed", scope: "conversation" });
    expect(await send("hello")).toMatchObject({ kind: "sent" });
  });

  test("gives up on an address that cannot be a patient's", async () => {
    for (const address of ["", " ", " 7", "a\nb", "x".repeat(201)])
      expect(await send("hello", address)).toMatchObject({ kind: "failed", scope: "conversation" });
    expect(fake.requests).toEqual([]);
  });

  test.each([
    [400, { kind: "failed", scope: "conversation" }],
    [403, { kind: "failed", scope: "conversation" }],
    [422, { kind: "failed", scope: "conversation" }],
    [408, { kind: "retry", scope: "conversation" }],
    [500, { kind: "retry", scope: "conversation" }],
    [502, { kind: "retry", scope: "conversation" }],
    [503, { kind: "retry", scope: "conversation" }],
    [504, { kind: "unknown" }],
    [302, { kind: "retry", scope: "connection" }],
    [429, { kind: "retry", scope: "connection", afterMs: 30_000 }],
  ])("knows what HTTP %s means", async (answer, expected) => {
    fake.fail({ answer, headers: { location: `${fake.baseUrl}/elsewhere` } });
    const result = await send("hello");
    expect(result).toMatchObject({ ...expected, code: `sureadhere_${answer}` });
    expect(fake.delivered).toEqual([]);
    expect(await send("next")).toMatchObject({ kind: "sent" });
  });

  test("waits for as long as Retry-After says, in seconds or until a date, an hour at most", async () => {
    const inTenMinutes = new Date(Date.now() + 600_000).toUTCString();
    for (const value of ["7", inTenMinutes, "99999999999"]) {
      fake.fail({ answer: 429, headers: { "retry-after": value } });
      fake.fail({ answer: 503, headers: { "retry-after": value } });
    }
    const waits: (number | undefined)[] = [];
    for (let n = 0; n < 6; n++) {
      const result = await send("hello");
      waits.push(result.kind === "retry" ? result.afterMs : undefined);
    }
    expect([waits[0], waits[1], waits[4], waits[5]]).toEqual([7000, 7000, 3_600_000, 3_600_000]);
    for (const wait of waits.slice(2, 4)) {
      expect(wait).toBeGreaterThan(500_000);
      expect(wait).toBeLessThanOrEqual(600_000);
    }
  });

  test("counts a message as sent when its answer breaks off after the status", async () => {
    fake.fail({ truncate: true });
    expect(await send("hello")).toMatchObject({ kind: "sent" });
    expect(fake.delivered).toHaveLength(1);
  });

  test("calls a message that was stopped halfway unknown, and closes its connection", async () => {
    fake.fail({ hang: true });
    const stopping = new AbortController();
    const sending = channel.send(partOf(PATIENT, "hello"), stopping.signal);
    await eventually(() => expect(fake.delivered).toHaveLength(1));
    const open = fake.openConnections();
    stopping.abort();
    expect(await sending).toMatchObject({ kind: "unknown", code: "sureadhere_aborted" });
    await eventually(() => expect(fake.openConnections()).toBeLessThan(open));
  });

  test("a send that is stopped while it waits for a token does not take the token from the others", async () => {
    fake.fail({ hang: true }, { endpoint: "token" });
    const stopping = new AbortController();
    const sending = channel.send(partOf(PATIENT, "hello"), stopping.signal);
    const waiting = send("me too");
    await eventually(() => expect(count("token")).toBe(1));
    stopping.abort();
    expect(await sending).toMatchObject({ kind: "retry", code: "sureadhere_aborted" });
    await channel.stop?.();
    expect(await waiting).toMatchObject({ kind: "retry" });
    expect(fake.delivered).toEqual([]);
  });

  test("says not sent, and not lost, after the channel stopped", async () => {
    await send("hello");
    await channel.stop?.();
    expect(await send("too late")).toMatchObject({ kind: "retry" });
  });
});

describe("starting", () => {
  test("reports refused credentials in words that say what to change, and nothing once they work", async () => {
    const context = createSubjectTools().startContext();
    fake.fail({ answer: 401, body: '{"error":"invalid_client"}' }, { endpoint: "token" });
    await channel.start?.(context);
    await eventually(() => expect(context.errors.at(-1)).toBeNull());
    expect(context.errors[0]).toContain("invalid_client");
    expect(context.errors[0]).toContain("clientSecret");
  });
});
