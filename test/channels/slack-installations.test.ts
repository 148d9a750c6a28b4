import { expect, test } from "vitest";
import { createInstallations } from "../../src/channels/slack/installations.ts";
import { createWebApi } from "../../src/channels/slack/web-api.ts";
import { memoryValues } from "../support/channel-values.ts";
import { startFakeSlack } from "../support/fake-slack.ts";
import { createSubjectTools } from "./conformance-subject.ts";
import { slackChannel } from "./slack-subject.ts";

test("workspaces whose tokens were sealed with another secret are named at the start", async () => {
  const fake = await startFakeSlack();
  const values = memoryValues();
  const oauthWith = (secret: string) => ({ clientId: "1.2", clientSecret: "client-secret", secret });
  const [oldSecret, newSecret] = [oauthWith("0".repeat(32)), oauthWith("1".repeat(32))];
  const api = createWebApi(fake.apiUrl);
  const install = async (oauth: typeof oldSecret, id: string) =>
    createInstallations({
      oauth,
      client: api.anonymous,
      values,
      onTrouble: () => undefined,
    }).storeInstallation({
      team: { id },
      enterprise: undefined,
      user: { id: "U0ADMIN001", token: undefined, scopes: undefined },
      bot: { token: `xoxb-${id}`, scopes: [], id: "B0BOT00001", userId: "U0BOT00001" },
    });
  await install(oldSecret, "T0ONE");
  await install(oldSecret, "T0TWO");
  await install(newSecret, "T0NEW");
  const overrides = { config: { botToken: undefined, oauth: newSecret }, values };
  const channel = slackChannel(fake, overrides);
  const context = createSubjectTools().startContext();
  await channel.start?.(context);
  expect(context.errors.at(-1)).toMatch(/T0ONE.*install the app there again; .*T0TWO/);
  expect(context.errors.at(-1)).not.toContain("T0NEW");
  await channel.stop?.();
  await api.close();
  await fake.close();
});
