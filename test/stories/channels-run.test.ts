import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Channel } from "../../src/channels/channel.ts";
import { defineChannel } from "../../src/channels/channel-definition.ts";
import type { ChannelOptions } from "../../src/channels/channel-options.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";

type Own = Partial<Channel> | ((options: ChannelOptions<unknown>) => Partial<Channel>);

/** A kind of channel with only the functions that a test gives it. */
function kindOf(kind: string, own: Own) {
  const base = createGatedChannel(undefined, {}, kind).definition;
  return defineChannel<unknown, Promise<Channel>>({
    ...base,
    configSchema: z.looseObject({}),
    create: async (options) => ({
      ...(await base.create(options)),
      ...(typeof own === "function" ? own(options) : own),
    }),
  });
}

const appWith = (kinds: Record<string, ReturnType<typeof kindOf>>) =>
  startTestApp({
    kinds,
    channels: Object.fromEntries(Object.keys(kinds).map((kind) => [kind, { kind, agent: "echo" }])),
  });

test("channels start in parallel, and none waits for another's unreachable platform", async () => {
  const started: string[] = [];
  let release = () => {};
  const reached = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = (kind: string) =>
    kindOf(kind, {
      async start() {
        started.push(kind);
        // Each waits until all three have begun, so starting one after another would never end.
        if (started.length === 3) release();
        await reached;
      },
    });
  await using app = await appWith({ one: slow("one"), two: slow("two"), three: slow("three") });
  expect(started.toSorted()).toEqual(["one", "three", "two"]);
  expect((await fetch(`${app.url}/livez`)).status).toBe(200);
});

test("a channel that is not ready refuses a request for now, and the platform repeats it", async () => {
  await using app = await appWith({
    later: kindOf("later", {
      receive: async () => ({ kind: "later", reason: "Our own name is not known yet.", retryAfterMs: 1_500 }),
    }),
    soon: kindOf("soon", { receive: async () => ({ kind: "later", reason: "Not yet." }) }),
  });
  const ask = async (name: string) => {
    const answer = await fetch(`${app.url}/webhooks/${name}`, { method: "POST", body: "{}" });
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    return [answer.status, answer.headers.get("retry-after"), error.code, error.message];
  };
  expect(await ask("later")).toEqual([
    503,
    "2",
    "try_later",
    "Our own name is not known yet. Send it again.",
  ]);
  expect(await ask("soon")).toEqual([503, "5", "try_later", "Not yet. Send it again."]);
});

test("a channel hears when its message is stored, but not when it is refused or storing fails", async () => {
  const told: string[] = [];
  await using app = await appWith({
    acked: kindOf("acked", {
      async receive({ body }) {
        const text = body.toString("utf8");
        return {
          kind: "accepted",
          events: [
            {
              type: "message",
              // A key too long for its index, so the message is not stored and not acknowledged.
              eventKeys: [text === "broken" ? randomBytes(10_000).toString("hex") : text],
              conversation: { address: "ada", userIdentifier: "ada", externalKey: null },
              text,
            },
          ],
          acknowledged: () => void told.push(text),
        };
      },
    }),
  });
  const post = async (body: string) =>
    (await fetch(`${app.url}/webhooks/acked`, { method: "POST", body })).status;
  expect(await post("hello")).toBe(200);
  await eventually(() => expect(told).toEqual(["hello"]));
  expect(await post("broken")).toBe(503);
  expect(await post("again")).toBe(200);
  await eventually(() => expect(told).toEqual(["hello", "again"]));
});
