import { afterEach, beforeEach, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { memoryValues } from "../support/channel-values.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import { callback, eventRequest, formRequest, slackChannel } from "./slack-subject.ts";

/** Bolt throws for each of these before any listener sees it. */
const unreadable = (fake: FakeSlack) => [
  callback(fake, { type: "message", user: null }),
  callback(fake, { type: "reaction_added", item: null }),
  { ...callback(fake, {}), event: null },
  { ...callback(fake, {}), event: "message" },
];

let fake: FakeSlack;
let channel: Channel | undefined;

beforeEach(async () => {
  fake = await startFakeSlack();
});
afterEach(async () => {
  await channel?.stop?.();
  await fake.close();
});

test("a body that Bolt cannot read is refused with a clear error, because acknowledging would lose it", async () => {
  channel = slackChannel(fake);
  const forms = [
    { payload: "null" },
    { payload: "{" },
    { payload: '{"type":"view_submission"}' },
    { event: "message" },
  ];
  const requests = [
    ...unreadable(fake).map((body) => eventRequest(fake, body)),
    ...forms.map((fields) => formRequest(fake, fields)),
  ];
  for (const request of requests)
    expect(await channel.receive(request)).toMatchObject({
      kind: "rejected",
      status: 400,
      code: "unreadable_event",
    });
});

test("such a body is not acknowledged over a socket, but the next one is", async () => {
  const config = { mode: "socket", appToken: fake.appToken, signingSecret: undefined };
  channel = slackChannel(fake, { config });
  await channel.start?.(createSubjectTools().startContext());
  await eventually(() => expect(fake.sockets()).toBe(1));
  let isTaken = false;
  const pushed = fake.push(callback(fake, { type: "message", user: null })).then(() => {
    isTaken = true;
  });
  // The socket closes at the end of the test, which rejects this promise.
  pushed.catch(() => undefined);
  await fake.push(callback(fake, { type: "reaction_added", reaction: "eyes" }));
  expect(isTaken).toBe(false);
});

test("a removal that cannot be stored is not acknowledged, and the original error is thrown", async () => {
  const away = new Error("the database is away");
  const values = { ...memoryValues(), remove: () => Promise.reject(away) };
  const oauth = { ...fake.oauth, secret: "0".repeat(32) };
  channel = slackChannel(fake, { config: { botToken: undefined, oauth }, values });
  const removal = eventRequest(fake, callback(fake, { type: "app_uninstalled" }));
  await expect(channel.receive(removal)).rejects.toBe(away);
});
