import type pg from "pg";
import { expect } from "vitest";
import { blockActions, callback, nextTs } from "../channels/slack-subject.ts";
import { startTestApp, type TestApp, type TestAppOptions } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeSlack, type PostedMessage, signedHeaders, startFakeSlack } from "../support/fake-slack.ts";
import { type FakeTelegram, type SentMessage, startFakeTelegram } from "../support/fake-telegram.ts";
import { testPool } from "../support/postgres.ts";
import { privateMessage, SECRET, telegramTo } from "./telegram-story.ts";

export const SUPPORT = "C0SUPPORT1";
export const NIGHT = -1_001_234_567;
/** The user, who writes on Telegram. */
export const ADA = 7001;
/** Members of the Slack desk. */
export const ANNA = "U0ANNA0001";
export const BEN = "U0BEN00001";

/** A thread in the Slack conversation of the desk. */
export interface SlackThread {
  ts: string;
  /** The texts in it, the card first. */
  texts(): string[];
  /** A member writes in it. Returns the status of the answer. */
  write(user: string, text: string, event?: Record<string, unknown>): Promise<number>;
  press(user: string, action: "take" | "release"): Promise<number>;
}

export interface DeskStory extends AsyncDisposable {
  app: TestApp;
  slack: FakeSlack;
  telegram: FakeTelegram;
  /** The user writes on Telegram. */
  say(text: string): Promise<number>;
  /** The texts that the user reads. */
  read(): string[];
  /** The newest thread at the Slack desk. */
  thread(): SlackThread;
  /** The messages at the Telegram desk, by topic. */
  topic(): { id: number; sent: SentMessage[] };
  /** A member of the Telegram desk writes in a topic. */
  writeInTopic(text: string, message?: Record<string, unknown>): Promise<number>;
  postSlack(body: unknown): Promise<number>;
  /** A member presses a button of a message in Slack. */
  pressSlack(user: string, message: PostedMessage, actionId: string): Promise<number>;
  postTelegram(update: object): Promise<number>;
  rows<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    values?: unknown[],
  ): Promise<Row[]>;
  /** The id of the user's open session. */
  session(): Promise<string>;
  handoff(act?: string, body?: object): ReturnType<TestApp["api"]>;
}

let lastUpdate = 900_000;

/** A user on Telegram, a desk in Slack (`support`), and a desk in a Telegram forum (`night`). */
export async function startDeskStory(
  options: Omit<TestAppOptions, "channels" | "agents"> & {
    agent?: Record<string, unknown>;
    fakes?: { slack: FakeSlack; telegram: FakeTelegram };
    /** The access rules on Telegram. Default: everybody has access. */
    access?: object;
  } = {},
): Promise<DeskStory> {
  const { agent = {}, fakes, access, ...rest } = options;
  const slack = fakes?.slack ?? (await startFakeSlack());
  const telegram = fakes?.telegram ?? (await startFakeTelegram());
  slack.people.set(ANNA, { name: "anna", profile: { display_name: "Anna" } });
  slack.people.set(BEN, { name: "ben", profile: { display_name: "Ben" } });
  if (!telegram.forums.has(NIGHT)) telegram.forums.set(NIGHT, { topics: new Map(), closed: new Set() });
  const app = await startTestApp({
    ...rest,
    agents: {
      coach: { bot: { type: "echo" }, handoff: { desk: "support", userWords: ["/human"] }, ...agent },
    },
    channels: {
      telegram: { ...telegramTo(telegram, "coach"), ...(access === undefined ? {} : { access }) },
      slack: {
        kind: "slack",
        agent: "coach",
        botToken: slack.botToken,
        signingSecret: slack.signingSecret,
        mode: "events",
        apiUrl: slack.apiUrl,
      },
    },
    desks: {
      support: { channel: "slack", conversation: SUPPORT },
      night: { channel: "telegram", conversation: String(NIGHT) },
    },
  });
  const pool = testPool(app.database.url, 2);

  /** Repeats a refused post, as platforms do. A member may write before the card is recorded. */
  async function postForm(path: string, body: string, headers: Record<string, string>): Promise<number> {
    return eventually(async () => {
      const response = await fetch(`${app.url}${path}`, { method: "POST", headers, body });
      await response.text();
      expect(response.status).not.toBe(503);
      return response.status;
    });
  }
  const postSlack = (body: unknown) => {
    const text = JSON.stringify(body);
    return postForm("/webhooks/slack", text, signedHeaders(text, slack.signingSecret));
  };
  const postTelegram = (update: object) =>
    postForm("/webhooks/telegram", JSON.stringify(update), {
      "content-type": "application/json",
      "x-telegram-bot-api-secret-token": SECRET,
    });

  function pressSlack(user: string, message: PostedMessage, actionId: string): Promise<number> {
    const payload = JSON.stringify(blockActions(slack, message, actionId, { user: { id: user } }));
    const form = new URLSearchParams({ payload }).toString();
    const headers = {
      ...signedHeaders(form, slack.signingSecret),
      "content-type": "application/x-www-form-urlencoded",
    };
    return postForm("/webhooks/slack", form, headers);
  }

  function thread(): SlackThread {
    const card = slack.posted.findLast(({ channel, threadTs }) => channel === SUPPORT && threadTs === null);
    if (card === undefined) throw new Error("no card was posted");
    const { ts } = card;
    return {
      ts,
      texts: () =>
        slack.posted.filter((each) => each.ts === ts || each.threadTs === ts).map(({ text }) => text),
      write: (user, text, event = {}) =>
        postSlack(
          callback(slack, {
            type: "message",
            channel: SUPPORT,
            channel_type: "channel",
            user,
            ts: nextTs(),
            thread_ts: ts,
            text,
            ...event,
          }),
        ),
      press: (user, action) => pressSlack(user, card, `desk:${action}`),
    };
  }

  function topic() {
    const id = [...(telegram.forums.get(NIGHT)?.topics.keys() ?? [])].at(-1);
    if (id === undefined) throw new Error("no topic was opened");
    return { id, sent: telegram.sent.filter(({ chatId, threadId }) => chatId === NIGHT && threadId === id) };
  }

  const session = async () => {
    const [row] = await pool
      .query<{ id: string }>("SELECT id FROM sessions WHERE address = $1 AND status = 'active'", [
        String(ADA),
      ])
      .then(({ rows }) => rows);
    return row?.id ?? "";
  };

  return {
    app,
    slack,
    telegram,
    say: (text) => postTelegram(privateMessage(ADA, text)),
    read: () => telegram.sent.filter(({ chatId }) => chatId === ADA).map(({ text }) => text),
    thread,
    topic,
    writeInTopic: (text, message = {}) =>
      postTelegram({
        update_id: ++lastUpdate,
        message: {
          message_id: lastUpdate,
          date: 1_790_000_000,
          from: { id: 8001, is_bot: false, first_name: "Carla" },
          chat: { id: NIGHT, type: "supergroup", title: "Night", is_forum: true },
          is_topic_message: true,
          message_thread_id: topic().id,
          text,
          ...message,
        },
      }),
    postSlack,
    pressSlack,
    postTelegram,
    rows: async (sql, values = []) => (await pool.query(sql, values)).rows,
    session,
    handoff: async (act = "", body = {}) =>
      app.api("POST", `/chat/sessions/${await session()}/handoff${act}`, body),
    async [Symbol.asyncDispose]() {
      await pool.end();
      await app[Symbol.asyncDispose]();
      if (fakes === undefined) {
        await slack.close();
        await telegram.close();
      }
    },
  };
}
