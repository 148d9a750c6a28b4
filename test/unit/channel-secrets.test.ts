import { expect, test } from "vitest";
import type { ChannelDefinition } from "../../src/channels/channel.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";

const definitions: Record<string, ChannelDefinition> = channelDefinitions;

// What a platform gives out has the shape it likes, today or in a sandbox; whether it works, `causeway doctor` asks.
const configurations: [kind: string, config: object][] = [
  ["telegram", { token: "42:test", secretToken: "s" }],
  ["slack", { botToken: "xoxb-test_token", signingSecret: "secret" }],
  ["slack", { botToken: "xoxb-1", appToken: "xapp-test_token", mode: "socket" }],
  ["whatsapp", { accountSid: "AC_test", authToken: "auth-token", from: "whatsapp:+14155238886" }],
  [
    "whatsapp",
    {
      provider: "meta",
      phoneNumberId: "123",
      accessToken: "token",
      appSecret: "app-secret",
      verifyToken: "v",
    },
  ],
  ["web", { identitySecret: "identity" }],
  ["api", { webhook: { url: "http://127.0.0.1:8080", secret: "a-secret" } }],
];

test.each(configurations)("a %s channel takes tokens and secrets of any shape", (kind, config) => {
  expect(definitions[kind]?.configSchema.safeParse(config)).toMatchObject({ success: true });
});

test.each(configurations)("a %s channel takes none that is empty", (kind, config) => {
  const emptied = JSON.parse(JSON.stringify(config).replace(/("\w*(?:secret|token)":)"[^"]*"/gi, '$1""'));
  expect(definitions[kind]?.configSchema.safeParse(emptied)).toMatchObject({ success: false });
});
