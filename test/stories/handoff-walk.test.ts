import { describe, expect, it } from "vitest";
import type { ServiceProcess } from "../support/process.ts";
import { startSimulator, type TestSimulator } from "../support/simulator.ts";
import { markedDouble, patiently } from "./conversations.ts";
import { API_KEY, sharedEngine } from "./shared-engine.ts";

const ADA = "telegram/chats/777";
const DESK = "slack/chats/C0SUPPORT1";
const TEXTS = {
  requested: "I am getting a person for you.",
  taken: "{name} is here.",
  back: "The assistant is back.",
};

/** A message as the simulator shows it. */
interface Shown {
  id: string;
  from: "user" | "bot";
  text: string;
  buttons?: string[];
}

interface Message {
  id: string;
  role: string;
  content: string;
  origin?: string;
  author?: unknown;
}

/** The conversation of docs/handoff.md: a user on Telegram and a desk in Slack, both of them simulated. */
function configuration({ settings }: TestSimulator) {
  return {
    workspace: "default",
    agents: {
      coach: {
        bot: { type: "echo" },
        handoff: { desk: "support", userWords: ["/human"], texts: TEXTS },
        events: ["handoff_requested", "handoff_taken", "handoff_released"].map((on) => ({
          on,
          do: [{ action: "log" }],
        })),
      },
    },
    channels: {
      telegram: {
        kind: "telegram",
        agent: "coach",
        mode: "polling",
        token: settings.TELEGRAM_BOT_TOKEN,
        apiRoot: settings.TELEGRAM_API_ROOT,
        streaming: false,
      },
      slack: {
        kind: "slack",
        agent: "coach",
        mode: "socket",
        botToken: settings.SLACK_BOT_TOKEN,
        appToken: settings.SLACK_APP_TOKEN,
        apiUrl: settings.SLACK_API_URL,
      },
    },
    desks: { support: { channel: "slack", conversation: "C0SUPPORT1" } },
  };
}

/** Calls the API of a process. */
async function api(service: ServiceProcess, path: string) {
  const response = await fetch(`${service.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${API_KEY}` },
  });
  return (await response.json()) as { data: Record<string, unknown>[] };
}

describe("the handoff from the manual, on the simulator", { timeout: 300_000 }, () => {
  // In one run the process dies before a step has a visible effect, in the other right after.
  it.each([
    ["accepts", false],
    ["carries out", true],
  ] as const)("loses and repeats nothing if each process dies when it %s a step", async (_, seenFirst) => {
    await using simulator = await startSimulator("telegram", "slack");
    await using engine = await sharedEngine({ config: configuration(simulator) });
    let service = await engine.start("all");

    const shown = async (chat: string): Promise<Shown[]> => (await simulator.control("GET", `/${chat}`)).body;
    const read = async (chat: string) => (await shown(chat)).map(({ text }) => text);
    const say = (chat: string, text: string, more: object = {}) =>
      simulator.control("POST", `/${chat}/messages`, { text, ...more });

    /** Does a step, kills the process, starts the next one, and waits for the effect. */
    async function step(act: () => Promise<unknown>, effect: () => Promise<void>): Promise<void> {
      await act();
      if (seenFirst) await seen(effect);
      await service.kill();
      const before = await connections();
      service = await engine.start("all");
      await patiently(async () => expect(await connections()).toBeGreaterThan(before));
      await seen(effect);
    }
    const connections = async () => {
      const { body } = await simulator.control("GET", "/log");
      return JSON.stringify(body).split("apps.connections.open").length;
    };
    /** Slack repeats an unanswered event: at once, after one minute, and after five minutes. */
    const seen = (effect: () => Promise<void>) =>
      patiently(async () => {
        await simulator.control("POST", "/clock", { forward_seconds: 60 });
        await effect();
      }, 2_000);
    const reads = (text: string) => async () => expect(await read(ADA)).toContain(text);
    const deskReads = (text: string) => async () =>
      expect(await read(DESK)).toContainEqual(expect.stringContaining(text));

    // A Slack channel exists once somebody is in it.
    await say(DESK, "Good morning.", { from: "Anna" });
    await step(() => say(ADA, "hello"), reads("You said: hello"));
    await step(() => say(ADA, "/human"), reads(TEXTS.requested));
    const card = await patiently(async () => {
      const first = (await shown(DESK)).find(({ from }) => from === "bot");
      expect(first).toMatchObject({ buttons: expect.arrayContaining(["Take", "Release"]) });
      return first as Shown;
    });
    const write = (text: string) => say(DESK, text, { from: "Anna", thread: card.id });
    await step(() => say(ADA, "Where is my money?"), deskReads("Where is my money?"));
    await step(() => write("It is on its way."), reads("It is on its way."));
    await step(
      () => write("// she is right, by the way"),
      () => deskReads("she is right")(),
    );
    await step(() => write("!release"), reads(TEXTS.back));
    await step(() => say(ADA, "thanks"), reads("You said: thanks"));

    // After a kill during a send, its outcome is unknown. It is sent again with a mark.
    const marked = new Set(await markedDouble(engine.databaseUrl));
    const toAda = (await shown(ADA)).filter(({ from }) => from === "bot").map(({ text }) => text);
    expect([...new Set(toAda)]).toEqual([
      "You said: hello",
      TEXTS.requested,
      "Anna is here.",
      "It is on its way.",
      TEXTS.back,
      "You said: thanks",
    ]);
    const atDesk = (await shown(DESK)).filter(({ from }) => from === "bot").map(({ text }) => text);
    for (const texts of [toAda, atDesk]) {
      const again = texts.filter((text, index) => texts.indexOf(text) !== index);
      expect(again.filter((text) => !marked.has(text))).toEqual([]);
    }

    // The transcript, the events and the trail tell the story.
    const [session] = (await api(service, "/chat/sessions")).data;
    const transcript = (await api(service, `/chat/sessions/${session?.id}/messages`))
      .data as unknown as Message[];
    expect(transcript.map(({ role, content }) => [role, content])).toEqual([
      ["user", "hello"],
      ["assistant", "You said: hello"],
      ["user", "/human"],
      ["user", "Where is my money?"],
      ["assistant", "It is on its way."],
      ["user", "thanks"],
      ["assistant", "You said: thanks"],
    ]);
    expect(transcript[4]).toMatchObject({ origin: "operator", author: { name: "Anna", via: "slack" } });
    await patiently(async () =>
      expect(
        (await api(service, `/chat/sessions/${session?.id}/events`)).data.map(({ event }) => event),
      ).toEqual(["handoff_requested", "handoff_taken", "handoff_released"]),
    );
    const trail = JSON.stringify(await api(service, `/messages/${transcript[3]?.id}/trail`));
    expect(trail).toContain("Anna");
  });
});
