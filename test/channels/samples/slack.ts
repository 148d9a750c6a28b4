import { definition } from "../../../src/channels/slack/index.ts";
import { toMrkdwn } from "../../../src/channels/slack/mrkdwn.ts";
import { SLACK } from "../../security/secrets.ts";
import { signedHeaders } from "../../support/fake-slack.ts";
import { formByText } from "../formatting/text-form.ts";
import { type KindSamples, NOWHERE, type SampleMessage } from "../samples.ts";

const message = ({ text = "hello", person = 0, chat = 0 }: SampleMessage = {}) =>
  JSON.stringify({
    type: "event_callback",
    team_id: "T0TEAM0001",
    api_app_id: "A0APP00001",
    event_id: `Ev${Math.random().toString(36).slice(2, 12).toUpperCase()}`,
    event_time: 1_790_000_200,
    authorizations: [{ enterprise_id: null, team_id: "T0TEAM0001", user_id: "U0BOT00001", is_bot: true }],
    event: {
      type: "message",
      channel_type: "im",
      channel: `D0ADA0000${person + 1}`,
      user: `U0ADA0000${person + 1}`,
      text,
      ...(chat === 0 ? {} : { thread_ts: `1790000100.00000${chat}` }),
      ts: `1790000200.${String(Math.floor(Math.random() * 1e6)).padStart(6, "0")}`,
    },
  });

export const samples: KindSamples = {
  channels: [
    {
      name: "slack",
      config: { ...SLACK, apiUrl: `${NOWHERE}/api/` },
      webhook: {
        body: message,
        sign: (body) => signedHeaders(body, SLACK.signingSecret),
        signsBody: true,
      },
    },
  ],
  credentials: [
    { botToken: "xoxb-test_token", signingSecret: "secret" },
    { botToken: "xoxb-1", appToken: "xapp-test_token", mode: "socket" },
  ],
  // Slack's limit leaves room for its escapes.
  text: { ...formByText(definition, toMrkdwn), escapes: true },
};
