import { expect, test } from "vitest";
import { definition } from "../../src/channels/api/index.ts";
import type { Channel } from "../../src/channels/channel.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { type ReplyEndpoint, startReplyEndpoint } from "../support/reply-endpoint.ts";
import { describeChannelConformance, noStreams, noWebhook } from "./conformance.ts";
import {
  type ConformanceSubject,
  createSubjectTools,
  noInbound,
  partOf,
  type VendorFault,
} from "./conformance-subject.ts";
import { diagnosis, LOOPBACK } from "./diagnose.ts";

const pressedOverApi = "what is chosen comes back over /api/v1, as a message with its payload";

describeChannelConformance({
  kind: "api",
  async setup({ log }): Promise<ConformanceSubject> {
    const endpoint = await startReplyEndpoint();
    const channel = apiChannel(endpoint, log);
    return {
      channel,
      definition,
      address: "session",
      secrets: [endpoint.secret],
      inbound: noInbound("api"),
      platform: {
        received: () => endpoint.taken.map(({ content }) => content),
        fail: async (fault) => failEndpoint(endpoint, fault),
        openConnections: () => endpoint.openConnections(),
      },
      buttons: {
        shown: () => endpoint.taken.at(-1)?.buttons.map(({ label }) => label) ?? [],
        press: () => {
          throw new Error(pressedOverApi);
        },
        forged: () => [],
      },
      async [Symbol.asyncDispose]() {
        await channel.stop?.();
        await endpoint.close();
      },
    };
  },
  except: [
    ...noStreams,
    { test: "buttons", reason: "the reply carries its buttons as data, and the channel renders nothing" },
    ...noWebhook("callers use /api/v1 with a key, not a webhook; other tests check that"),
    ...(["press", "forged_press"] as const).map((test) => ({ test, reason: pressedOverApi })),
    { test: "start", reason: "the endpoint is not called before the first reply" },
  ],
});

function apiChannel(endpoint: ReplyEndpoint, log: Logger = createSubjectTools().log): Channel {
  const { url, secret } = endpoint;
  const config = definition.configSchema.parse({ webhook: { url, secret } });
  return definition.create({ ...nothingKnown(), name: "api", config, publicUrl: LOOPBACK, log });
}

async function failEndpoint(endpoint: ReplyEndpoint, fault: VendorFault): Promise<void> {
  switch (fault) {
    case "rate_limited":
      return endpoint.fail({ answer: 429, headers: { "retry-after": "7" } });
    case "recipient_gone":
      return endpoint.fail({ answer: 410 });
    case "credentials_revoked":
      return endpoint.changeSecret();
    case "server_error":
      return endpoint.fail({ answer: 500 });
    case "answer_lost":
      return endpoint.fail({ cut: "after" });
    case "unreachable":
      return endpoint.close();
  }
}

test("the endpoint's answer decides the state of a reply", async () => {
  await using endpoint = await startReplyEndpoint();
  const channel = apiChannel(endpoint);
  const sent = async (answer: number, headers: Record<string, string> = {}) => {
    endpoint.fail({ answer, headers });
    return channel.send(partOf("session", "hello"), AbortSignal.timeout(10_000));
  };
  for (const status of [200, 201, 202, 204])
    expect(await sent(status)).toEqual({ kind: "sent", externalIds: ["delivery"], state: "delivered" });
  // A redirect would carry the reply and the signature to another party.
  const { url } = endpoint;
  expect(await sent(307, { location: url })).toMatchObject({ kind: "retry", code: "webhook_307" });
  expect(endpoint.answers.length).toBe(5);
  expect(await sent(503, { "retry-after": "9" })).toMatchObject({ kind: "retry", afterMs: 9000 });
  expect(await sent(429)).toMatchObject({ kind: "retry", scope: "connection", afterMs: 30_000 });
  expect(await sent(404)).toMatchObject({ kind: "retry", scope: "conversation" });
  expect(await sent(422)).toMatchObject({ kind: "failed", scope: "conversation" });
  expect(await sent(504)).toMatchObject({ kind: "unknown" });
  await channel.stop?.();
});

test("without a webhook a stored reply counts as delivered", async () => {
  const channel = definition.create({
    ...nothingKnown(),
    name: "api",
    config: definition.configSchema.parse({}),
    publicUrl: LOOPBACK,
    log: createSubjectTools().log,
  });
  expect(await channel.send(partOf("session", "hello"), AbortSignal.timeout(1000))).toEqual({
    kind: "sent",
    externalIds: ["delivery"],
    state: "delivered",
  });
  expect(await channel.send(partOf("session", "hello"), AbortSignal.abort())).toMatchObject({
    kind: "retry",
  });
});

test("a diagnosis finds an endpoint that is down, has another secret, or checks no signature", async () => {
  await using endpoint = await startReplyEndpoint();
  const webhook = { url: endpoint.url, secret: endpoint.secret };
  const look = () => diagnosis(definition, { webhook });
  expect(await look()).toEqual([
    expect.stringMatching(/^ok webhook\.url: .* takes posts\.$/),
    "ok webhook.secret: It refuses posts that are signed with another secret.",
  ]);
  expect(endpoint.taken).toEqual([]);
  endpoint.fail({ answer: 200 }, 2);
  expect((await look())[1]).toMatch(
    /^error webhook\.secret: It accepts posts that are signed with another secret/,
  );
  endpoint.changeSecret();
  expect(await look()).toEqual([expect.stringMatching(/^error webhook\.secret: .* refuses the signature/)]);
  await endpoint.close();
  expect(await look()).toEqual([expect.stringMatching(/^error webhook\.url: .*ECONNREFUSED/)]);
});
