import { setTimeout } from "node:timers/promises";
import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelOptions } from "../../src/channels/channel-options.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import { slackConfigSchema } from "../../src/channels/slack/config.ts";
import { createSlackChannel } from "../../src/channels/slack/connection.ts";
import { definition } from "../../src/channels/slack/index.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { type FakeSlack, type PostedMessage, signedHeaders, startFakeSlack } from "../support/fake-slack.ts";
import {
  type ConformanceSubject,
  createSubjectTools,
  type SubjectTools,
  type VendorFault,
} from "./conformance-subject.ts";

export const DM = "D0ADA00001";
export const ADA = "U0ADA00001";
const THREAD = "1790000100.000100";
const OTHER_THREAD = "1790000100.000200";

export interface SlackOverrides {
  config?: Record<string, unknown>;
  findConversation?: ChannelOptions<unknown>["findConversation"];
  findUnanswered?: ChannelOptions<unknown>["findUnanswered"];
  findButtons?: ChannelOptions<unknown>["findButtons"];
  values?: ChannelOptions<unknown>["values"];
  publicUrl?: { url: string; isPublic: boolean };
  log?: Logger;
}

/** The channel as the composition root creates it, connected to a fake Slack. */
export function slackChannel(
  fake: Pick<FakeSlack, "apiUrl" | "botToken" | "signingSecret">,
  overrides: SlackOverrides = {},
): Channel {
  const { botToken, signingSecret, apiUrl } = fake;
  return createSlackChannel({
    name: "slack",
    config: slackConfigSchema.parse({ botToken, signingSecret, apiUrl, ...overrides.config }),
    publicUrl: overrides.publicUrl ?? { url: "http://127.0.0.1:3000", isPublic: false },
    ...nothingKnown(),
    ...(overrides.values ? { values: overrides.values } : {}),
    ...(overrides.findButtons ? { findButtons: overrides.findButtons } : {}),
    ...(overrides.findUnanswered ? { findUnanswered: overrides.findUnanswered } : {}),
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

/** An `event_callback` around an event, with its own id. */
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

/** Escapes a text as Slack does before it sends it. */
const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A person's message in a direct conversation. `event` overrides the fields under test. */
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

/** A press of a button below a message of ours. `changes` overrides the fields under test. */
export function blockActions(
  fake: Pick<FakeSlack, "us">,
  message: Pick<PostedMessage, "channel" | "threadTs" | "ts" | "text" | "blocks">,
  actionId: string,
  changes: Record<string, unknown> = {},
) {
  const { channel, threadTs, ts, text, blocks } = message;
  const thread = threadTs === null ? {} : { thread_ts: threadTs };
  return {
    type: "block_actions",
    user: { id: ADA, username: "ada", team_id: fake.us.teamId },
    api_app_id: fake.us.appId,
    token: "legacy",
    container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: false, ...thread },
    trigger_id: `trigger-${++lastEvent}`,
    team: { id: fake.us.teamId, domain: "example" },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: channel, name: "directmessage" },
    message: { type: "message", user: fake.us.userId, bot_id: fake.us.botId, ts, text, blocks, ...thread },
    response_url: "https://hooks.slack.example/actions/1",
    actions: [{ type: "button", block_id: "buttons", action_id: actionId, action_ts: nextTs() }],
    ...changes,
  };
}

/** A form as Slack posts it: a press, a command, a certificate check. */
export function formRequest(
  fake: Pick<FakeSlack, "signingSecret">,
  fields: Record<string, string>,
): RawRequest {
  const text = new URLSearchParams(fields).toString();
  const headers = {
    ...signedHeaders(text, fake.signingSecret),
    "content-type": "application/x-www-form-urlencoded",
  };
  return { method: "POST", url: "/webhooks/slack", headers, body: Buffer.from(text) };
}

/** A person's reaction to a message of ours. `changes` overrides the fields under test. */
export function reactionTo(
  fake: Pick<FakeSlack, "us">,
  externalId: string,
  reaction: string,
  changes: Record<string, unknown> = {},
) {
  const [channel, ts] = externalId.split(":");
  return callback(fake, {
    type: "reaction_added",
    user: ADA,
    reaction,
    item_user: fake.us.userId,
    item: { type: "message", channel, ts },
    event_ts: nextTs(),
    ...changes,
  });
}

export const labelsOf = (message: PostedMessage | undefined): string[] =>
  (message?.blocks.find(({ type }) => type === "actions")?.elements ?? []).map(({ text }) =>
    typeof text === "string" ? text : text.text,
  );

export const actionIds = (message: PostedMessage | undefined): string[] =>
  (message?.blocks.find(({ type }) => type === "actions")?.elements ?? []).map(
    ({ action_id: id = "" }) => id,
  );

export async function slackSubject({ log, findButtons }: SubjectTools): Promise<ConformanceSubject> {
  const fake = await startFakeSlack();
  fake.people.set(ADA, { name: "ada", profile: { display_name: "Ada" } });
  const channel = slackChannel(fake, { log, findButtons });
  const message = (event: Record<string, unknown>) => eventRequest(fake, directMessage(fake, event));
  const press = (pressed: PostedMessage, actionId: string) =>
    formRequest(fake, { payload: JSON.stringify(blockActions(fake, pressed, actionId)) });
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
    answers: {
      challenges: () => [
        {
          request: eventRequest(fake, { type: "url_verification", token: "legacy", challenge: "3eZbrw1aB" }),
          response: {
            status: 200,
            contentType: "application/json; charset=utf-8",
            body: '{"challenge":"3eZbrw1aB"}',
          },
        },
      ],
    },
    intake: socketIntake(fake, log),
    reactions: {
      to: (externalId, thumb) =>
        eventRequest(
          fake,
          reactionTo(fake, externalId, { up: "+1::skin-tone-3", down: "-1", other: "eyes" }[thumb]),
        ),
      removed(externalId, thumb) {
        const changes = { type: "reaction_removed" };
        return eventRequest(fake, reactionTo(fake, externalId, { up: "+1", down: "-1" }[thumb], changes));
      },
    },
    stopButton() {
      const stop = { type: "agent_session_stopped", channel: DM, user: ADA, thread_ts: THREAD };
      return eventRequest(fake, callback(fake, { ...stop, streaming_message_ts: [], event_ts: nextTs() }));
    },
    limitConversation: () => fake.fail({ rateLimited: 7 }),
    notified: () => fake.posted.flatMap(({ pings }) => pings),
    inThread: (text, thread) => message({ text, thread_ts: `1712345678.00000${thread}` }),
    buttons: {
      shown: () => labelsOf(fake.posted.at(-1)),
      press(nth) {
        const message = fake.posted.at(-1) as PostedMessage;
        return press(message, actionIds(message)[nth] ?? "");
      },
      forged(messageId) {
        const message = fake.posted.at(-1) as PostedMessage;
        return [
          press({ ...message, threadTs: OTHER_THREAD }, `b:${messageId}:0`),
          press({ ...message, channel: "D0BOB00001" }, `b:${messageId}:0`),
          press(message, `b:${messageId}:9`),
          // The button that opens a page.
          press(message, `b:${messageId}:2`),
          press(message, `b:${"0".repeat(27)}:0`),
          press(message, "confirm:7"),
        ];
      },
    },
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

/** The app in Socket Mode. Slack sends an event again that nobody confirms, over whatever socket is open then. */
function socketIntake(fake: FakeSlack, log: Logger): NonNullable<ConformanceSubject["intake"]> {
  const config = { mode: "socket", appToken: fake.appToken, signingSecret: undefined };
  const waiting = new Set<object>();
  async function repeat(body: object): Promise<void> {
    while (waiting.has(body)) {
      const confirmed = fake.push(body).then(() => void waiting.delete(body));
      await Promise.race([confirmed.catch(() => undefined), setTimeout(200)]);
      await setTimeout(20);
    }
  }
  return {
    channel: slackChannel(fake, { config, log }),
    say(text) {
      const body = directMessage(fake, { text });
      waiting.add(body);
      void repeat(body);
    },
    unconfirmed: () => waiting.size,
    cut: fake.cutSockets,
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
