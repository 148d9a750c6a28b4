import { setTimeout } from "node:timers/promises";
import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelOptions } from "../../src/channels/channel-options.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import { slackConfigSchema } from "../../src/channels/slack/config.ts";
import { createSlackChannel } from "../../src/channels/slack/connection.ts";
import { definition } from "../../src/channels/slack/index.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { type FakeSlack, type PostedMessage, signedHeaders } from "../support/fake-slack.ts";
import { pingsIn, readMarkdown } from "../support/slack-markdown.ts";
import { type ConformanceSubject, createSubjectTools, type SubjectTools } from "./conformance-subject.ts";
import { type Simulated, startSimulated } from "./simulated.ts";

export const DM = "D0ADA00001";
export const ADA = "U0ADA00001";

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

const tsIn = ({ body }: RawRequest): string => JSON.parse(body.toString()).event.ts;

/** The bot's ids, as the platform's own events name them. */
function idsIn({ body }: RawRequest): FakeSlack["us"] {
  const event = JSON.parse(body.toString());
  const userId: string = event.authorizations[0].user_id;
  return {
    userId,
    botId: userId.replace(/^U/, "B"),
    appId: event.api_app_id,
    teamId: event.team_id,
  };
}

export async function slackSubject({ log, findButtons }: SubjectTools): Promise<ConformanceSubject> {
  const simulated = await startSimulated("slack");
  const { phone, mailbox } = simulated;
  const { SLACK_API_URL: apiUrl = "", SLACK_BOT_TOKEN: botToken = "", ...more } = phone.settings();
  const { SLACK_SIGNING_SECRET: signingSecret = "", SLACK_APP_TOKEN: appToken = "" } = more;
  /** A new thread. */
  const begin = async (): Promise<string> => tsIn(await simulated.say(DM, "hello"));
  const us = idsIn(await simulated.say(DM, "hello"));
  const app = { apiUrl, botToken, signingSecret, us };
  const thread = await begin();
  const otherThread = await begin();
  const named = new Map<string, string>();
  const channel = slackChannel(app, { log, findButtons });
  const message = (event: Record<string, unknown>) => eventRequest(app, directMessage(app, event));
  const textsIn = (wanted: string) =>
    simulated
      .fromBot(DM)
      .filter((seen) => seen.thread === wanted)
      .map(({ text }) => text);
  const shown = () => simulated.fromBot(DM).at(-1);
  const press = (actionId: string, place: { channel?: string; threadTs?: string } = {}) => {
    const { id: ts = "", text = "", thread: threadTs = null } = shown() ?? {};
    const pressed = { channel: DM, threadTs, ts, text, blocks: [], ...place };
    return formRequest(app, { payload: JSON.stringify(blockActions(app, pressed, actionId)) });
  };
  const react = (externalId: string, emoji: string) =>
    mailbox.after(() => phone.react(DM, { words: externalId.split(":")[1] ?? "", emoji, from: null }));
  return {
    channel,
    definition,
    address: `${DM}:${thread}`,
    secrets: [botToken, signingSecret, appToken],
    inbound: {
      message: (text) => simulated.say(DM, text, thread),
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
          forge(signedHeaders(body, signingSecret, now - 301)),
          forge(signedHeaders(body, signingSecret, now + 360)),
          { ...request, body: Buffer.from(body.replace("event_callback", "event_callbacc")) },
        ];
      },
      malformed: () => ["{", "", "[]", "null", "{}"].map((body) => eventRequest(app, body)),
      unknownEvents: () => [
        eventRequest(app, callback(app, { type: "reaction_added", user: ADA, reaction: "eyes" })),
        eventRequest(app, callback(app, { type: "something_new" })),
        eventRequest(app, callback(app, { type: "message", shape: "unheard of" })),
        eventRequest(app, { type: "something_else" }),
        eventRequest(app, { type: "app_rate_limited", team_id: "T1", minute_rate_limited: 1 }),
        message({ subtype: "message_changed", message: { text: "better" } }),
        message({ subtype: "message_deleted", deleted_ts: "1.2" }),
        message({ subtype: "channel_join" }),
      ],
      fromBots: () => [
        message({ user: us.userId, bot_id: us.botId }),
        message({ user: us.userId }),
        message({ user: undefined, bot_id: "B0ANOTHER1", subtype: "bot_message" }),
        message({ bot_id: "B0ANOTHER1" }),
        message({ app_id: us.appId }),
        message({ user: "USLACKBOT" }),
      ],
    },
    platform: {
      received: () => textsIn(thread),
      async fail(fault) {
        // Slack answers most of its own failures with 200 and a word.
        if (fault === "server_error")
          simulated.answerNext("chat.postMessage", {
            status: 200,
            body: { ok: false, error: "service_unavailable" },
          });
        else await simulated.fail(fault);
      },
      openConnections: simulated.openConnections,
    },
    answers: {
      challenges: () => [
        {
          request: eventRequest(app, { type: "url_verification", token: "legacy", challenge: "3eZbrw1aB" }),
          response: {
            status: 200,
            contentType: "application/json; charset=utf-8",
            body: '{"challenge":"3eZbrw1aB"}',
          },
        },
      ],
    },
    intake: socketIntake(simulated, {
      channel: slackChannel(app, { config: { mode: "socket", appToken, signingSecret: undefined }, log }),
      thread: otherThread,
    }),
    reactions: {
      to: (externalId, thumb) => react(externalId, { up: "👍🏼", down: "👎", other: "👀" }[thumb]),
      removed: (externalId) => react(externalId, ""),
    },
    async stopButton() {
      // Slack shows its button while the app calls itself busy.
      const body = new URLSearchParams({ channel_id: DM, thread_ts: thread, status: "processing" });
      const headers = { authorization: `Bearer ${botToken}` };
      await fetch(`${apiUrl}agents.sessions.setStatus`, { method: "POST", headers, body });
      return mailbox.after(() => phone.press(DM, "Stop", null));
    },
    limitConversation: () => simulated.fault("rate_limit", 7),
    notified: () =>
      simulated.simulator.log
        .all()
        .filter(({ name }) => name === "chat.postMessage")
        .flatMap(({ request }) => {
          const { text, markdown_text: markdown } = Object.fromEntries(new URLSearchParams(request.body));
          return pingsIn(markdown === undefined ? (text ?? "") : readMarkdown(markdown).prose);
        }),
    async inThread(text, name) {
      const ts = named.get(name) ?? (await begin());
      named.set(name, ts);
      return simulated.say(DM, text, ts);
    },
    buttons: {
      shown: () => shown()?.buttons ?? [],
      press: (nth) => mailbox.after(() => phone.press(DM, shown()?.buttons?.[nth] ?? "", null)),
      forged: (messageId) => [
        press(`b:${messageId}:0`, { threadTs: otherThread }),
        press(`b:${messageId}:0`, { channel: "D0BOB00001" }),
        press(`b:${messageId}:9`),
        // The button that opens a page.
        press(`b:${messageId}:2`),
        press(`b:${"0".repeat(27)}:0`),
        press("confirm:7"),
      ],
    },
    streams: {
      address: `${DM}:${otherThread}`,
      received: () => textsIn(otherThread),
      refuse: () =>
        simulated.answerNext("chat.startStream", {
          status: 200,
          body: { ok: false, error: "channel_type_not_supported" },
        }),
    },
    async [Symbol.asyncDispose]() {
      await channel.stop?.();
      await simulated.close();
    },
  };
}

/** The app in Socket Mode. Slack sends an event again that nobody confirms, over whatever socket is open then. */
function socketIntake(
  { phone, mailbox, simulator, hasSocket, cut }: Simulated,
  { channel, thread }: { channel: Channel; thread: string },
): NonNullable<ConformanceSubject["intake"]> {
  const said: string[] = [];
  const confirmed = (text: string) =>
    simulator.log
      .all()
      .some(
        ({ direction, request, answer }) =>
          direction === "event" && request.method === "WS" && answer !== null && request.body.includes(text),
      );
  const unconfirmed = () => said.filter((text) => !confirmed(text)).length;
  /** Slack waits for minutes before it tries again. */
  async function passTime(): Promise<void> {
    while (unconfirmed() > 0) {
      if (hasSocket()) simulator.clock.forward(60);
      await setTimeout(200, undefined, { ref: false });
    }
  }
  return {
    channel,
    say(text) {
      // The app has no other address while it uses sockets.
      mailbox.stop();
      said.push(text);
      phone.say(DM, { text, from: null, thread, replyTo: null, file: null });
      void passTime();
    },
    unconfirmed,
    cut,
  };
}
