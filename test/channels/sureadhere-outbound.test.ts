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
  test("delivers to the patient in the address, without Markdown marks", async () => {
    expect(await send("**Grüße** 👋🏽 & <b>", "P-00/7")).toEqual({ kind: "sent", externalIds: ["delivery"] });
    expect(fake.delivered).toEqual([{ patientId: "P-00/7", text: "Grüße 👋🏽 & <b>" }]);
  });

  test("keeps a text unchanged if that is configured", async () => {
    await channel.send({ ...partOf(PATIENT, "# 5 is *your* code _12_34_"), format: "text" }, soon());
    expect(fake.delivered).toEqual([{ patientId: PATIENT, text: "# 5 is *your* code _12_34_" }]);
  });

  test("reports in advance that an address is no patient's id", async () => {
    expect(await channel.canReach?.(PATIENT)).toEqual({ kind: "reachable" });
    expect(await channel.canReach?.(" 4711")).toMatchObject({
      kind: "unreachable",
      code: "sureadhere_bad_address",
    });
  });

  test("uses one token and the same connections for many messages", async () => {
    for (let n = 0; n < 10; n++) await send(`${n}`);
    expect([count("token"), count("send")]).toEqual([1, 10]);
    // A second one may be opened while the first is about to become free.
    expect(fake.openConnections()).toBeLessThanOrEqual(2);
  });

  test("requests one token for many messages at the same time", async () => {
    const sent = await Promise.all(Array.from({ length: 40 }, (_, n) => send(`${n}`, `patient-${n}`)));
    expect(sent.filter(({ kind }) => kind === "sent")).toHaveLength(40);
    expect([count("token"), count("send")]).toEqual([1, 40]);
  });

  test("requests one new token when many sends are refused, and delivers each message once", async () => {
    await send("first");
    fake.revokeTokens();
    const sent = await Promise.all(Array.from({ length: 40 }, (_, n) => send(`${n}`, `patient-${n}`)));
    expect(sent.filter(({ kind }) => kind === "sent")).toHaveLength(40);
    expect(count("token")).toBe(2);
    expect(fake.delivered).toHaveLength(41);
  });

  test("fails for the whole channel when a new token is refused too", async () => {
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

  test("fails for a patient who is discharged, and for no other", async () => {
    fake.discharge("gone");
    expect(await send("hello", "gone")).toMatchObject({ kind: "failed", scope: "conversation" });
    expect(await send("hello")).toMatchObject({ kind: "sent" });
  });

  test("fails for an address that is no patient's id", async () => {
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
  ])("gives HTTP %s the right result", async (answer, expected) => {
    fake.fail({ answer, headers: { location: `${fake.baseUrl}/elsewhere` } });
    const result = await send("hello");
    expect(result).toMatchObject({ ...expected, code: `sureadhere_${answer}` });
    expect(fake.delivered).toEqual([]);
    expect(await send("next")).toMatchObject({ kind: "sent" });
  });

  test("waits as long as Retry-After says, in seconds or until a date, at most an hour", async () => {
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

  test('reports "unknown" for a send that is aborted halfway, and closes its connection', async () => {
    fake.fail({ hang: true });
    const stopping = new AbortController();
    const sending = channel.send(partOf(PATIENT, "hello"), stopping.signal);
    await eventually(() => expect(fake.delivered).toHaveLength(1));
    const open = fake.openConnections();
    stopping.abort();
    expect(await sending).toMatchObject({ kind: "unknown", code: "sureadhere_aborted" });
    await eventually(() => expect(fake.openConnections()).toBeLessThan(open));
  });

  test("a send that is aborted while it waits for a token does not abort the token request", async () => {
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

  test("returns a result to retry after the channel stopped", async () => {
    await send("hello");
    await channel.stop?.();
    expect(await send("too late")).toMatchObject({ kind: "retry" });
  });
});

describe("starting", () => {
  test("reports which refused credentials to change, and clears the report once they work", async () => {
    const context = createSubjectTools().startContext();
    fake.fail({ answer: 401, body: '{"error":"invalid_client"}' }, { endpoint: "token" });
    await channel.start?.(context);
    await eventually(() => expect(context.errors.at(-1)).toBeNull());
    expect(context.errors[0]).toContain("invalid_client");
    expect(context.errors[0]).toContain("clientSecret");
  });
});
