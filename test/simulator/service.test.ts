import { describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { controlAt } from "../support/simulator.ts";

const SIMULATED = {
  api: { kind: "api", agent: "echo" },
  telegram: { kind: "telegram", agent: "echo", simulate: true },
  slack: { kind: "slack", agent: "echo", simulate: true },
  sms: { kind: "sms", agent: "echo", simulate: true },
  whatsapp: {
    kind: "whatsapp",
    agent: "echo",
    simulate: true,
    access: {
      policy: "pairing",
      allow: ["+491701234567"],
      text: "Please wait.",
      approvers: [{ channel: "slack", conversation: "C0APPROVE1" }],
    },
  },
};

/** Calls the control API. */
const control = ({ url }: TestApp, method: string, path: string, body?: unknown) =>
  controlAt(url)(method, path, body);

const say = (app: TestApp, chat: string, text: string) => control(app, "POST", `/${chat}/messages`, { text });

/** The texts of a chat as its user sees them. */
const seen = async (app: TestApp, chat: string): Promise<string[]> => {
  const { body } = await control(app, "GET", `/${chat}`);
  return body.map((message: { text: string }) => message.text);
};

describe("simulated channels of the service", () => {
  it("answer on every platform, through the production adapters and signatures", async () => {
    const desks = { support: { channel: "slack", conversation: "C0123ABCD" } };
    await using app = await startTestApp({ channels: SIMULATED, desks });
    expect((await app.api("GET", "/channels/slack/check")).body).toMatchObject({
      ok: true,
      findings: [{ where: "channels.slack.simulate" }, { where: "desks.support.channel" }],
    });
    const sms = "sms/chats/491701234567";
    const chats = ["telegram/chats/777", "slack/chats/ada", "whatsapp/chats/491701234567", sms];
    for (const chat of chats) expect((await say(app, chat, "hello")).status).toBe(201);
    for (const chat of chats)
      await eventually(async () => expect(await seen(app, chat)).toEqual(["hello", "You said: hello"]));

    // After a STOP, Twilio answers the user, and the bot is silent.
    await say(app, sms, "STOP");
    await say(app, sms, "START");
    await say(app, sms, "hello again");
    await eventually(async () =>
      expect((await seen(app, sms)).slice(2)).toEqual([
        "STOP",
        expect.stringContaining("unsubscribed"),
        "START",
        expect.stringContaining("re-subscribed"),
        "hello again",
        "You said: hello again",
      ]),
    );

    // A thumb below an answer is a rating, until it is taken back.
    const list = async (path: string) => (await app.api("GET", path)).body.data;
    for (const channel of ["telegram", "slack"]) {
      const chat = chats.find((each) => each.startsWith(channel));
      const react = (emoji: string) =>
        control(app, "POST", `/${chat}/react`, { message: "You said: hello", emoji });
      await eventually(async () =>
        expect(await list(`/deliveries?channel=${channel}`)).toMatchObject([{ status: "sent" }]),
      );
      for (const [emoji, rating] of [
        ["👍", "up"],
        ["👎", "down"],
      ] as const) {
        expect(await react(emoji)).toMatchObject({ status: 201, body: { reaction: emoji } });
        await eventually(async () =>
          expect(await list(`/feedback?channel=${channel}`)).toMatchObject([{ rating }]),
        );
      }
      await react("");
      await eventually(async () => expect(await list(`/feedback?channel=${channel}`)).toEqual([]));
    }

    // The user has written first, so WhatsApp accepts an answer.
    const stranger = "whatsapp/chats/4915112345678";
    await say(app, stranger, "who is there?");
    const code = expect.stringMatching(/^Please wait\.\n\nYour code: [2-9A-HJ-NP-Z]{8}$/);
    await eventually(async () => expect(await seen(app, stranger)).toEqual(["who is there?", code]));
    const file = { name: "voice.ogg", content_type: "audio/ogg", data: "T2dnUw==" };
    await control(app, "POST", "/whatsapp/chats/4915112345679/messages", { file });
    const asked = (words: RegExp) => expect.stringMatching(words);
    await eventually(async () =>
      expect(await seen(app, "slack/chats/C0APPROVE1")).toEqual([
        asked(/on whatsapp and wrote:\s+who is there\?$/),
        asked(/on whatsapp and wrote:\s+\[audio/),
      ]),
    );

    // Telegram accepts the heading as a rich message, and such a long answer as one message.
    const [telegram = ""] = chats;
    const heading = "plan\n# Monday";
    await say(app, telegram, heading);
    await eventually(async () => expect(await seen(app, telegram)).toContain("You said: plan\nMonday"));
    const long = "word ".repeat(818);
    await say(app, telegram, long);
    await eventually(async () => expect((await seen(app, telegram)).at(-1)).toBe(`You said: ${long}`.trim()));

    await control(app, "POST", "/slack/chats/general/messages", { text: "@causeway help", from: "Bela" });
    await eventually(async () => expect(await seen(app, "slack/chats/general")).toContain("You said: help"));

    const ready = (await (await fetch(`${app.url}/readyz`)).json()) as Record<
      string,
      Record<string, unknown>
    >;
    expect(ready.simulator).toEqual({
      page: "/simulator",
      channels: ["telegram", "slack", "sms", "whatsapp"],
    });
    expect(ready.channels?.telegram).toMatchObject({ state: "ok", simulated: true });
    expect(ready.channels?.api).not.toHaveProperty("simulated");
    expect(app.log.filter(({ message }) => message.includes("cannot reach this channel"))).toEqual([]);
    expect(app.app.simulated).toEqual(["telegram", "slack", "sms", "whatsapp"]);
  });

  it("lose, double and reorder nothing, even if the platforms do", async () => {
    await using app = await startTestApp({ channels: SIMULATED });
    const fault = (body: object) => control(app, "POST", "/faults", body);
    await fault({ platform: "telegram", fault: "duplicate", times: 3 });
    await fault({ platform: "telegram", fault: "rate_limit" });
    await fault({ platform: "telegram", fault: "error_500" });
    const words = ["one", "two", "three"];
    for (const word of words) await say(app, "telegram/chats/5", word);
    await eventually(
      async () => {
        const answers = (await seen(app, "telegram/chats/5")).filter((text) => text.startsWith("You said"));
        expect(answers).toEqual(words.map((word) => `You said: ${word}`));
      },
      { timeoutMs: 50_000 },
    );
  });

  it("let a person at a Slack desk answer a Telegram user", async () => {
    const texts = {
      requested: "I am getting a person.",
      taken: "{name} is here.",
      back: "The assistant is back.",
    };
    await using app = await startTestApp({
      channels: SIMULATED,
      agents: {
        echo: { bot: { type: "echo" }, handoff: { desk: "support", userWords: ["/human"], texts } },
      },
      desks: { support: { channel: "slack", conversation: "C0SUPPORT1" } },
    });
    const user = "telegram/chats/777";
    const desk = "slack/chats/C0SUPPORT1";
    await say(app, user, "hello");
    await eventually(async () => expect(await seen(app, user)).toContain("You said: hello"));
    await say(app, user, "/human");
    await eventually(async () => expect(await seen(app, user)).toContain("I am getting a person."));
    const card = await eventually(async () => {
      const { body } = await control(app, "GET", `/${desk}`);
      expect(body[0]).toMatchObject({ from: "bot", buttons: expect.arrayContaining(["Take"]) });
      return body[0];
    });
    const write = (text: string) =>
      control(app, "POST", `/${desk}/messages`, { text, from: "Anna", thread: card.id });
    await write("How can I help?");
    await eventually(async () =>
      expect((await seen(app, user)).slice(-2)).toEqual(["Anna is here.", "How can I help?"]),
    );
    await say(app, user, "It hurts.");
    await eventually(async () =>
      expect(await seen(app, desk)).toContainEqual(expect.stringContaining("It hurts.")),
    );
    expect(await seen(app, user)).not.toContain("You said: It hurts.");
    await write("!release");
    await eventually(async () => expect(await seen(app, user)).toContain("The assistant is back."));
    await say(app, user, "thanks");
    await eventually(async () => expect(await seen(app, user)).toContain("You said: thanks"));
  });

  it("are refused with a reason at a public address and on a split role", async () => {
    const start = (env: Record<string, string>, channels: Record<string, unknown> = SIMULATED) =>
      startTestApp({ channels, env });
    await expect(start({ CAUSEWAY_PUBLIC_URL: "https://chat.example.org" })).rejects.toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({
          path: "channels.config.json: channels.telegram.simulate",
          problem: expect.stringContaining("public address"),
        }),
      ]),
    });
    await expect(start({ CAUSEWAY_ROLE: "web" })).rejects.toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ problem: expect.stringContaining("CAUSEWAY_ROLE is web") }),
      ]),
    });
    const real = { telegram: { kind: "telegram", agent: "echo", token: "1:real", secretToken: "s" } };
    const env = { CAUSEWAY_SIMULATE: "telegram", CAUSEWAY_PUBLIC_URL: "https://chat.example.org" };
    await expect(start(env, real)).rejects.toMatchObject({
      problems: [expect.objectContaining({ path: "environment: CAUSEWAY_SIMULATE" })],
    });
    await expect(start({ CAUSEWAY_SIMULATE: "fax" })).rejects.toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ path: "environment: CAUSEWAY_SIMULATE" })]),
    });
    await expect(start({}, { web: { kind: "web", agent: "echo", simulate: true } })).rejects.toMatchObject({
      problems: [expect.objectContaining({ problem: "is true, and there is no simulator of web" })],
    });
  });

  it("include those that CAUSEWAY_SIMULATE names, with Meta as well as Twilio", async () => {
    const channels = {
      meta: { kind: "whatsapp", agent: "echo", provider: "meta" },
      polled: { kind: "telegram", agent: "echo", mode: "polling", token: "$NOT_SET" },
      socket: { kind: "slack", agent: "echo", mode: "socket" },
      rcs: { kind: "sms", agent: "echo", rcs: { sender: "rcs:acme", messagingServiceSid: "MG01" } },
    };
    await using app = await startTestApp({
      channels,
      env: {
        CAUSEWAY_SIMULATE: "telegram, slack, whatsapp, sms",
        CAUSEWAY_PUBLIC_URL: "http://10.1.2.3:3000",
      },
    });
    const chats = ["telegram", "slack", "whatsapp", "sms"].map((platform) => `${platform}/chats/4917012345`);
    // The socket opens after the start.
    await eventually(async () => {
      const { body: log } = await control(app, "GET", "/log");
      expect(log.map(({ name }: { name: string }) => name)).toContain("apps.connections.open");
    });
    for (const chat of chats)
      await eventually(async () => {
        await say(app, chat, "hello");
        await eventually(async () => expect(await seen(app, chat)).toContain("You said: hello"), {
          timeoutMs: 8_000,
        });
      });
  });
});
