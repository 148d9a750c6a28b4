import { describe, expect, it } from "vitest";
import { newCode, readCode } from "../../src/access/access-code.ts";
import {
  type AccessFacts,
  decideAccess,
  decideAnswer,
  type RecentRequest,
} from "../../src/access/decide-access.ts";

const facts = (given: Partial<AccessFacts> = {}): AccessFacts => ({
  invite: null,
  policy: "pairing",
  isListed: false,
  isGranted: false,
  isStored: false,
  isForBot: true,
  eventKeys: ["new"],
  albumKey: null,
  requests: [],
  waitingHere: 0,
  ...given,
});

const request = (given: Partial<RecentRequest> = {}): RecentRequest => ({
  id: "request",
  state: "waiting",
  place: 1,
  eventKeys: ["first"],
  albumKey: null,
  parts: 1,
  ...given,
});

describe("a sender", () => {
  it("talks to the bot if the list or a grant admits them, even with waiting requests", () => {
    const requests = [request(), request({ state: "denied" })];
    expect(decideAccess(facts({ isListed: true, requests }))).toEqual({
      kind: "admitted",
      because: "listed",
    });
    expect(decideAccess(facts({ isGranted: true, requests }))).toEqual({
      kind: "admitted",
      because: "granted",
    });
  });

  it("is admitted by a valid invite, also after a refusal, and not by an invalid one", () => {
    const requests = [request({ state: "denied" })];
    expect(decideAccess(facts({ invite: "valid", requests }))).toEqual({
      kind: "admitted",
      because: "invited",
    });
    for (const invite of ["used_up", "expired", "unknown"] as const)
      expect(decideAccess(facts({ invite }))).toMatchObject({ kind: "pending" });
  });

  it("is greeted at the first request, and later requests get the first free place", () => {
    expect(decideAccess(facts())).toEqual({ kind: "pending", place: 1, greets: true, asks: true });
    const requests = [request({ place: 1, state: "expired" }), request({ place: 2, eventKeys: ["second"] })];
    expect(decideAccess(facts({ requests }))).toEqual({
      kind: "pending",
      place: 1,
      greets: false,
      asks: false,
    });
  });

  it.each([
    ["pairing", 3],
    ["allowlist", 1],
  ] as const)("with %s has at most %i waiting requests", (policy, most) => {
    const requests = Array.from({ length: most }, (_, n) => request({ place: n + 1, eventKeys: [`${n}`] }));
    expect(decideAccess(facts({ policy, requests: requests.slice(1) }))).toMatchObject({ kind: "pending" });
    expect(decideAccess(facts({ policy, requests }))).toEqual({
      kind: "refused",
      because: "too_many_messages",
    });
  });

  it("is shown to approvers once, and not while too many requests wait", () => {
    expect(decideAccess(facts({ waitingHere: 19 }))).toMatchObject({ asks: true });
    expect(decideAccess(facts({ waitingHere: 20 }))).toMatchObject({ asks: false });
    const requests = [request({ state: "expired" })];
    expect(decideAccess(facts({ requests }))).toMatchObject({ asks: true });
  });

  it("is refused for a time after a denial, or while too many strangers wait", () => {
    const refused = (given: Partial<AccessFacts>) => decideAccess(facts(given));
    expect(refused({ requests: [request({ state: "denied" })] })).toMatchObject({ because: "denied" });
    expect(refused({ waitingHere: 1_000 })).toMatchObject({ because: "too_many_strangers" });
    expect(refused({ isForBot: false })).toMatchObject({ because: "not_for_bot" });
  });
});

describe("an event", () => {
  it.each(["waiting", "approved", "denied", "expired"] as const)(
    "that repeats a message of a request in state %s changes nothing",
    (state) => {
      const requests = [request({ state })];
      const repeated = facts({ requests, eventKeys: ["first"] });
      expect(decideAccess(repeated)).toEqual({ kind: "refused", because: "repeated" });
    },
  );

  it("that repeats a message of an earlier session changes nothing", () => {
    expect(decideAccess(facts({ isStored: true }))).toMatchObject({ because: "repeated" });
  });

  it("that adds to a message or its album joins its request while there is space", () => {
    const joins = { kind: "joins", requestId: "request" };
    const adds = { eventKeys: ["first", "more"] };
    expect(decideAccess(facts({ ...adds, requests: [request()] }))).toEqual(joins);
    const album = { albumKey: "album" };
    expect(decideAccess(facts({ ...album, requests: [request(album)] }))).toEqual(joins);
    expect(decideAccess(facts({ ...album, requests: [request({ ...album, parts: 20 })] }))).toMatchObject({
      because: "too_many_messages",
    });
  });
});

describe("an answer", () => {
  it("counts while the request waits, and the same answer again changes nothing", () => {
    expect(decideAnswer("waiting", "approved")).toEqual({ kind: "counts" });
    expect(decideAnswer("approved", "approved")).toEqual({ kind: "repeated" });
    expect(decideAnswer("approved", "denied")).toEqual({ kind: "decided", state: "approved" });
    expect(decideAnswer("denied", "approved")).toEqual({ kind: "decided", state: "denied" });
    expect(decideAnswer("expired", "approved")).toEqual({ kind: "expired" });
  });
});

describe("a code", () => {
  it("has eight characters that are hard to confuse", () => {
    const codes = Array.from({ length: 1_000 }, newCode);
    expect(codes.filter((code) => !/^[2-9A-HJ-NP-Z]{8}$/.test(code))).toEqual([]);
    expect(new Set(codes).size).toBe(1_000);
    expect(new Set(codes.join("")).size).toBe(32);
  });

  it("is read in any case, with spaces and dashes, and other text is refused", () => {
    expect(readCode(" abcd-efgh ")).toBe("ABCDEFGH");
    expect(["ABCDEFG", "ABCDEFG0", "ABCDEFGHJ", ""].map(readCode)).toEqual([null, null, null, null]);
  });
});
