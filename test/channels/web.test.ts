import { expect, test } from "vitest";
import { definition } from "../../src/channels/web/index.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { quietLog } from "../support/quiet-log.ts";
import { describeChannelConformance, noStreams, noWebhook } from "./conformance.ts";
import { type ConformanceSubject, noInbound } from "./conformance-subject.ts";
import { LOOPBACK } from "./diagnose.ts";

const webChannel = (log: Logger = quietLog()) =>
  definition.create({
    ...nothingKnown(),
    name: "web",
    config: definition.configSchema.parse({}),
    publicUrl: LOOPBACK,
    log,
  });

const noPlatform = "no platform can fail: a stored reply is already delivered";

describeChannelConformance({
  kind: "web",
  async setup({ log }): Promise<ConformanceSubject> {
    const channel = webChannel(log);
    return {
      channel,
      definition,
      address: "session",
      secrets: [],
      inbound: noInbound("web"),
      platform: { received: () => [], fail: async () => undefined, openConnections: () => 0 },
      async [Symbol.asyncDispose]() {},
    };
  },
  except: [
    ...noStreams,
    ...(["buttons", "most_buttons"] as const).map((test) => ({
      test,
      reason: "the reply carries its buttons as data, and the channel renders nothing",
    })),
    ...noWebhook("visitors use /web/{channel}, not a webhook; other tests check that"),
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

test("the name `ada` of a site means the visitor with the `sub` ada", () => {
  expect(["ada", "id:ada", "anon:c2hhMjU2"].map((written) => definition.identifierOf?.(written))).toEqual([
    "id:ada",
    "id:ada",
    "anon:c2hhMjU2",
  ]);
});

test("only an identifier with a visitor's prefix can be reached", async () => {
  const channel = webChannel();
  for (const known of ["id:ada", "anon:c2hhMjU2"])
    expect(await channel.canReach?.(known)).toEqual({ kind: "reachable" });
  expect(await channel.canReach?.("ada")).toEqual({
    kind: "limited",
    code: "no_visitor",
    reason: expect.stringContaining("id:ada"),
  });
});
