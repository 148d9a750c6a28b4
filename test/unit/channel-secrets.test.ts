import { expect, test } from "vitest";
import type { ChannelDefinition } from "../../src/channels/channel-definition.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";
import type { JsonObject } from "../../src/core/text/json.ts";
import { isSecretName } from "../../src/core/text/secret-names.ts";
import { kindSamples } from "../channels/samples.ts";

const definitions: Record<string, ChannelDefinition> = channelDefinitions;

// A platform chooses the format of its credentials, also in a sandbox. `causeway doctor` checks if they work.
const configurations = kindSamples.flatMap(([kind, { credentials }]) =>
  credentials.map((config): [string, JsonObject] => [kind, config]),
);

test.each(configurations)("a %s channel accepts tokens and secrets in any form", (kind, config) => {
  expect(definitions[kind]?.configSchema.safeParse(config)).toMatchObject({ success: true });
});

test.each(configurations)("a %s channel refuses an empty secret", (kind, config) => {
  const secrets: string[] = [];
  const emptied = (only: string | null) =>
    JSON.parse(JSON.stringify(config), (key, value) => {
      if (typeof value !== "string" || !isSecretName(key)) return value;
      if (only === null) secrets.push(key);
      return key === only ? "" : value;
    });
  emptied(null);
  expect(secrets).not.toEqual([]);
  for (const secret of secrets)
    expect([secret, definitions[kind]?.configSchema.safeParse(emptied(secret)).success]).toEqual([
      secret,
      false,
    ]);
});
