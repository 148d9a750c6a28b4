import { expect, test } from "vitest";
import { definition } from "../../src/channels/web/index.ts";
import { quietLog } from "../support/quiet-log.ts";
import { describeChannelConformance, noStreams } from "./conformance.ts";
import type { ConformanceSubject } from "./conformance-subject.ts";

const noWebhook = "visitors come in over /web/{channel}, which has tests of its own, not by webhook";
const noPlatform = "there is no platform behind it that could fail: a stored reply is a delivered one";

describeChannelConformance({
  kind: "web",
  async setup({ log }): Promise<ConformanceSubject> {
    const channel = definition.create({
      name: "web",
      config: definition.configSchema.parse({}),
      publicUrl: { url: "http://127.0.0.1:3000", isPublic: false },
      log,
    });
    const none = () => [];
    return {
      channel,
      definition,
      address: "session",
      secrets: [],
      inbound: {
        message: (text) => ({ method: "POST", url: "/webhooks/web", headers: {}, body: Buffer.from(text) }),
        forged: none,
        malformed: none,
        unknownEvents: none,
        fromBots: none,
      },
      platform: { received: none, fail: async () => undefined, openConnections: () => 0 },
      async [Symbol.asyncDispose]() {},
    };
  },
  except: [
    ...noStreams,
    { test: "buttons", reason: "buttons go with the reply as data, and nothing is rendered" },
    ...(
      [
        "forged",
        "content_type",
        "malformed",
        "same_event",
        "own_messages",
        "unknown_events",
        "round_trip",
        "press",
        "forged_press",
        "threads",
        "capabilities",
      ] as const
    ).map((test) => ({ test, reason: noWebhook })),
    ...(
      [
        "long_text",
        "rate_limited",
        "recipient_gone",
        "credentials_revoked",
        "server_error",
        "unreachable",
        "answer_lost",
        "secrets",
        "start",
        "stop",
      ] as const
    ).map((test) => ({ test, reason: noPlatform })),
  ],
});

test("whom a site calls `ada` is the visitor with the `sub` ada", () => {
  expect(["ada", "id:ada", "anon:c2hhMjU2"].map((written) => definition.identifierOf?.(written))).toEqual([
    "id:ada",
    "id:ada",
    "anon:c2hhMjU2",
  ]);
});

test("a visitor is known by a prefix, and nobody can come to be one without", async () => {
  const channel = definition.create({
    name: "web",
    config: definition.configSchema.parse({}),
    publicUrl: { url: "http://127.0.0.1:3000", isPublic: false },
    log: quietLog(),
  });
  for (const known of ["id:ada", "anon:c2hhMjU2"])
    expect(await channel.canReach?.(known)).toEqual({ kind: "reachable" });
  expect(await channel.canReach?.("ada")).toEqual({
    kind: "limited",
    code: "no_visitor",
    reason: expect.stringContaining("id:ada"),
  });
});
