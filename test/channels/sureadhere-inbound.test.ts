import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import { definition } from "../../src/channels/sureadhere/index.ts";
import { type FakeSureadhere, startFakeSureadhere } from "../support/fake-sureadhere.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import {
  MALFORMED,
  sureadhereChannel,
  sureadhereKeys,
  WEBHOOK_SECRET,
  webhook,
  written,
} from "./sureadhere-subject.ts";

let fake: FakeSureadhere;
let channel: Channel;
let tools: ReturnType<typeof createSubjectTools>;

beforeEach(async () => {
  tools = createSubjectTools();
  fake = await startFakeSureadhere();
  channel = sureadhereChannel(fake, tools);
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

async function messageFrom(request: RawRequest) {
  const received = await channel.receive(request);
  const [event] = received.kind === "accepted" ? received.events : [];
  if (event?.type !== "message") throw new Error(`not a message: ${JSON.stringify(received)}`);
  return event;
}

describe("a patient's message", () => {
  test("belongs to the patient whose id it carries, as a number or as text", async () => {
    const conversation = { address: "7", userIdentifier: "7", externalKey: null };
    for (const id of [7, "7", " 7 "])
      expect(await messageFrom(webhook(written("hello", id)))).toMatchObject({ text: "hello", conversation });
    expect(await messageFrom(webhook(written("hello", "P-00/7 ü")))).toMatchObject({
      conversation: { address: "P-00/7 ü" },
    });
  });

  test("counts twice if it comes twice, because SureAdhere gives no id", async () => {
    const request = webhook(written("yes"));
    const first = await messageFrom(request);
    const second = await messageFrom(request);
    expect(first.eventKeys).toHaveLength(1);
    expect(second.eventKeys).not.toEqual(first.eventKeys);
  });

  test("may have unknown fields", async () => {
    expect(await messageFrom(webhook({ ...written("hello"), tenant: { id: 1 } }))).toMatchObject({
      text: "hello",
    });
  });

  test("without text is acknowledged, and the log does not name its writer", async () => {
    expect(await channel.receive(webhook(written("  ", "patient-x")))).toEqual({
      kind: "accepted",
      events: [],
    });
    expect(tools.show(tools.logged())).toContain("without text");
    expect(tools.show(tools.logged())).not.toContain("patient-x");
  });

  test.each(MALFORMED.map((body) => [body]))("is refused if it is malformed: %j", async (body) => {
    expect(await channel.receive(webhook(body))).toMatchObject({ kind: "rejected", status: 400 });
  });
});

describe("the webhook secret", () => {
  const { "x-webhook-secret": _, ...unsigned } = webhook(written("hello")).headers;
  const at = (url: string, headers: RawRequest["headers"] = unsigned) =>
    channel.receive({ ...webhook(written("hello")), url, headers });
  const asQuery = new URLSearchParams({ secret: WEBHOOK_SECRET }).toString();

  test("may come in the query, encoded either way and among other parameters", async () => {
    for (const query of [asQuery, `secret=${encodeURIComponent(WEBHOOK_SECRET)}`, `a=1&${asQuery}&b`])
      expect(await at(`/webhooks/sureadhere?${query}`)).toMatchObject({ kind: "accepted" });
  });

  test.each([
    "",
    "?",
    "?secret",
    "?secret=",
    `?Secret=${asQuery.slice(7)}`,
    `?secret=x&${asQuery}`,
    `#${asQuery}`,
  ])("is missing or wrong in the address /webhooks/sureadhere%s", async (query) => {
    expect(await at(`/webhooks/sureadhere${query}`)).toMatchObject({ kind: "rejected", status: 401 });
  });

  test("in the header prevails over the one in the query", async () => {
    const wrong = { ...unsigned, "x-webhook-secret": "wrong" };
    expect(await at(`/webhooks/sureadhere?${asQuery}`, wrong)).toMatchObject({ status: 401 });
  });

  test("is checked before the body is read", async () => {
    expect(await channel.receive(webhook("{", "guess"))).toMatchObject({ status: 401 });
  });

  test("gives access only to POST requests", async () => {
    const received = await channel.receive({ ...webhook(written("hello")), method: "GET" });
    expect(received).toMatchObject({ kind: "rejected", status: 404 });
  });

  test("must be configured", () => {
    const { webhookSecret: _secret, ...without } = sureadhereKeys(fake);
    for (const keys of [without, { ...without, webhookSecret: "" }]) {
      const parsed = definition.configSchema.safeParse(keys);
      expect(parsed.error?.issues).toMatchObject([{ path: ["webhookSecret"] }]);
    }
  });
});
