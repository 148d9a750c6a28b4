import type { Channel, ChannelOptions, RawRequest } from "../../src/channels/channel.ts";
import { definition } from "../../src/channels/slack/index.ts";
import type { Logger } from "../../src/core/logger.ts";
import { type FakeSlack, signedHeaders, startFakeSlack } from "../support/fake-slack.ts";
import { type ConformanceSubject, createSubjectTools, type VendorFault } from "./conformance-subject.ts";

export const DM = "D0ADA00001";
export const ADA = "U0ADA00001";
const THREAD = "1790000100.000100";
const OTHER_THREAD = "1790000100.000200";

export interface SlackOverrides {
  config?: Record<string, unknown>;
  findConversation?: ChannelOptions<unknown>["findConversation"];
  values?: ChannelOptions<unknown>["values"];
  publicUrl?: { url: string; isPublic: boolean };
  log?: Logger;
}

/** The channel as the composition root makes it, connected to a fake Slack. */
export function slackChannel(
  fake: Pick<FakeSlack, "apiUrl" | "botToken" | "signingSecret">,
  overrides: SlackOverrides = {},
): Channel {
  const { botToken, signingSecret, apiUrl } = fake;
  return definition.create({
    name: "slack",
    config: definition.configSchema.parse({ botToken, signingSecret, apiUrl, ...overrides.config }),
    publicUrl: overrides.publicUrl ?? { url: "http://127.0.0.1:3000", isPublic: false },
    ...(overrides.values ? { values: overrides.values } : {}),
    ...(overrides.findConversation ? { findConversation: overrides.findConversation } : {}),
    log: overrides.log ?? createSubjectTools().log,
  });
}

/** A request as Slack makes it. */
export function eventRequest(fake: Pick<FakeSlack, "signingSecret">, body: unknown): RawRequest {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return {
    method: "POST",
    url: "/webhooks/slack",
    headers: signedHeaders(text, fake.signingSecret),
    body: Buffer.from(text),
  };
}

let lastEvent = 1;

/** An `event_callback` around an event, with an id of its own. */
export function callback(fake: Pick<FakeSlack, "us">, event: Record<string, unknown>) {
  const { appId, teamId, userId } = fake.us;
  return {
    type: "event_callback",
    token: "legacy",
    team_id: teamId,
    api_app_id: appId,
    event_id: `Ev${String(++lastEvent).padStart(9, "0")}`,
    event_time: 1_790_000_200,
    authorizations: [{ enterprise_id: null, team_id: teamId, user_id: userId, is_bot: true }],
    event,
  };
}

export const nextTs = () => `1790000200.${String(++lastEvent).padStart(6, "0")}`;

/** What Slack does to a text before it sends it. */
const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A person's message in a direct conversation; `event` overrides what the test is about. */
export function directMessage(fake: Pick<FakeSlack, "us">, event: Record<string, unknown> = {}) {
  return callback(fake, {
    type: "message",
    channel: DM,
    channel_type: "im",
    user: ADA,
    ts: nextTs(),
    text: "hello",
    ...event,
  });
}

export async function slackSubject(log: Logger): Promise<ConformanceSubject> {
  const fake = await startFakeSlack();
  fake.people.set(ADA, { name: "ada", profile: { display_name: "Ada" } });
  const channel = slackChannel(fake, { log });
  const message = (event: Record<string, unknown>) => eventRequest(fake, directMessage(fake, event));
  return {
    channel,
    definition,
    address: `${DM}:${THREAD}`,
    secrets: [fake.botToken, "TESTbotTokenSecret", fake.signingSecret],
    inbound: {
      message: (text) => message({ text: escaped(text), thread_ts: THREAD }),
      forged: (text) => {
        const request = message({ text });
        const signature = request.headers["x-slack-signature"] ?? "";
        const forge = (headers: Record<string, string | undefined>) => ({
          ...request,
          headers: { ...request.headers, ...headers },
        });
        const body = request.body.toString();
        const now = Math.floor(Date.now() / 1000);
        return [
          forge({ "x-slack-signature": undefined }),
          forge({ "x-slack-signature": "" }),
          forge({ "x-slack-signature": signature.replace(/.$/, (last) => (last === "0" ? "1" : "0")) }),
          forge({ "x-slack-request-timestamp": undefined }),
          forge(signedHeaders(body, "another secret")),
          forge(signedHeaders(body, fake.signingSecret, now - 301)),
          forge(signedHeaders(body, fake.signingSecret, now + 360)),
          { ...request, body: Buffer.from(body.replace("event_callback", "event_callbacc")) },
        ];
      },
      malformed: () => ["{", "", "[]", "null", "{}"].map((body) => eventRequest(fake, body)),
      unknownEvents: () => [
        eventRequest(fake, callback(fake, { type: "reaction_added", user: ADA, reaction: "eyes" })),
        eventRequest(fake, callback(fake, { type: "something_new" })),
        eventRequest(fake, callback(fake, { type: "message", shape: "unheard of" })),
        eventRequest(fake, { type: "something_else" }),
        eventRequest(fake, { type: "app_rate_limited", team_id: "T1", minute_rate_limited: 1 }),
        message({ subtype: "message_changed", message: { text: "better" } }),
        message({ subtype: "message_deleted", deleted_ts: "1.2" }),
        message({ subtype: "channel_join" }),
      ],
      fromBots: () => [
        message({ user: fake.us.userId, bot_id: fake.us.botId }),
        message({ user: fake.us.userId }),
        message({ user: undefined, bot_id: "B0ANOTHER1", subtype: "bot_message" }),
        message({ bot_id: "B0ANOTHER1" }),
        message({ app_id: fake.us.appId }),
        message({ user: "USLACKBOT" }),
      ],
    },
    platform: {
      received: () =>
        fake.posted
          .filter(({ channel: to, threadTs }) => to === DM && threadTs === THREAD)
          .map(({ text }) => text),
      fail: (fault) => failFake(fake, fault),
      openConnections: () => fake.openConnections(),
    },
    inThread: (text, thread) => message({ text, thread_ts: `1712345678.00000${thread}` }),
    streams: {
      address: `${DM}:${OTHER_THREAD}`,
      received: () =>
        fake.posted
          .filter(({ channel: to, threadTs }) => to === DM && threadTs === OTHER_THREAD)
          .map(({ text }) => text),
      refuse: () => fake.fail({ error: "channel_type_not_supported" }, { method: "chat.startStream" }),
    },
    async [Symbol.asyncDispose]() {
      await channel.stop?.();
      await fake.close();
    },
  };
}

async function failFake(fake: FakeSlack, fault: VendorFault): Promise<void> {
  switch (fault) {
    case "rate_limited":
      return fake.fail({ rateLimited: 7 });
    case "recipient_gone":
      return fake.fail({ error: "is_archived" });
    case "credentials_revoked":
      return fake.revokeToken();
    case "server_error":
      return fake.fail({ error: "service_unavailable" });
    case "answer_lost":
      return fake.fail({ cut: "after" });
    case "unreachable":
      return fake.close();
  }
}
