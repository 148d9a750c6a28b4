import { expect, test } from "vitest";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { sharedConnections } from "../../src/config/shared-connections.ts";

const BOT = { token: "4242:one-and-the-same", apiRoot: "https://api.telegram.org" };
const POLLED = { ...BOT, mode: "polling" };
const POSTED = { ...BOT, mode: "webhook" };

function found(a: object, b: object, enabled = true, kind = "telegram") {
  const channel = (name: string, config: object, isOn = true) => ({
    name,
    kind,
    agent: "echo",
    enabled: isOn,
    config: isOn ? { ...config } : null,
    access: null,
    simulated: null,
  });
  const workspace = {
    slug: "default",
    file: "channels.config.json",
    agents: {},
    channels: { a: channel("a", a), b: channel("b", b, enabled) },
    desks: {},
  };
  return sharedConnections([workspace], channelDefinitions);
}

const shared = { path: "channels.config.json: channels.b.token", problem: expect.stringContaining('"a"') };

test.each([
  [POLLED, POLLED],
  [POLLED, POSTED],
  [POSTED, POLLED],
])("two channels with one bot are a problem if one of them polls", (a, b) => {
  expect(found(a, b)).toMatchObject({ problems: [shared], warnings: [] });
  expect(JSON.stringify(found(a, b))).not.toContain("one-and-the-same");
});

test("two channels with one webhook cause a warning: Telegram posts to one of them", () => {
  expect(found(POSTED, POSTED)).toMatchObject({ problems: [], warnings: [shared] });
});

const SLACK = { botToken: "xoxb-1", apiUrl: "https://slack.com/api/", mode: "events" };
const NUMBER = { provider: "twilio", accountSid: "AC1", from: "+14155238886" };

test.each<[string, object, string]>([
  ["slack", SLACK, "botToken"],
  ["slack", { ...SLACK, botToken: undefined, oauth: { clientId: "1.2" } }, "oauth"],
  ["sms", NUMBER, "from"],
  ["whatsapp", NUMBER, "from"],
  ["whatsapp", { provider: "meta", phoneNumberId: "106" }, "phoneNumberId"],
])("two channels of kind %s with one account cause a warning", (kind, config, key) => {
  const path = `channels.config.json: channels.b.${key}`;
  expect(found(config, config, true, kind)).toMatchObject({ problems: [], warnings: [{ path }] });
});

test("two sockets of one Slack app are a problem: each event goes to one of them", () => {
  const { problems } = found(SLACK, { ...SLACK, mode: "socket" }, true, "slack");
  expect(problems).toHaveLength(1);
});

test("different bots, different servers and disabled channels have no conflict", () => {
  const none = { problems: [], warnings: [] };
  expect(found(POLLED, { ...POLLED, token: "4243:another" })).toEqual(none);
  expect(found(POLLED, { ...POLLED, apiRoot: "http://127.0.0.1:8081" })).toEqual(none);
  expect(found(POLLED, POLLED, false)).toEqual(none);
});
