import { expect, it } from "vitest";
import { startProvider } from "../bots/provider-server.ts";
import { SECRET_TOKEN } from "../channels/telegram-subject.ts";
import { startFakeTelegram } from "../support/fake-telegram.ts";
import { type ServiceProcess, serviceDirectory, startProcess } from "../support/process.ts";
import { message, patiently, post, receivedIn } from "./conversations.ts";

const KEY = "cw_key_of_the_silent_story";
const ADA = 7;

const EVENTS = [
  { on: "session_started", do: [{ action: "send_message", prompt: "Greet." }] },
  { on: "user_joined", do: [{ action: "set_participant_data", data: { joined: true } }] },
  { on: "timeout", after: "2s", times: 2, do: [{ action: "send_message", prompt: "Nudge." }] },
  { on: "last_timeout", do: [{ action: "end_session" }] },
  { on: "session_ended.event", do: [{ action: "summarize" }] },
];

async function ask(service: ServiceProcess, path: string) {
  const response = await fetch(`${service.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  return (await response.json()) as any;
}

// This test is about the embedded engine, whose queue is always Postgres.
it.skipIf(process.env.CAUSEWAY_TEST_QUEUE === "redis")(
  "a silent participant gets two nudges, then the session ends with a summary, although the service is killed in between",
  {
    timeout: 300_000,
  },
  async () => {
    await using fake = await startFakeTelegram();
    await using provider = await startProvider();
    provider.mock.on({ systemMessage: "You keep the running summary" }, { content: "They said hello." });
    provider.mock.on({ userMessage: /./ }, ({ messages }) => ({
      content: `re: ${messages.at(-1)?.content}`,
    }));
    await using directory = await serviceDirectory({
      workspace: "default",
      agents: {
        talker: {
          bot: { type: "llm", baseUrl: `${provider.mock.url}/v1`, model: "test-model" },
          events: EVENTS,
        },
      },
      channels: {
        telegram: {
          kind: "telegram",
          agent: "talker",
          token: fake.token,
          secretToken: SECRET_TOKEN,
          apiRoot: fake.url,
        },
      },
    });
    const env = { CAUSEWAY_API_KEY: KEY };

    const first = await startProcess({ directory, env });
    expect(await post(first.url, message(ADA, "hello"))).toBe(200);
    await patiently(async () => {
      expect(receivedIn(fake, ADA)).toContain("re: Nudge.");
      // A kill before this record would repeat the send, marked as a possible duplicate.
      const { data } = await ask(first, "/deliveries");
      expect(data.every(({ status }: { status: string }) => status === "sent")).toBe(true);
    });
    await first.kill();

    await using second = await startProcess({ directory, env });
    await patiently(async () => {
      expect((await ask(second, "/chat/sessions")).data).toMatchObject([
        {
          status: "completed",
          end_reason: "event",
          summary: "They said hello.",
          participant_data: { joined: true },
        },
      ]);
      const { data } = await ask(second, "/deliveries");
      expect(data.every(({ status }: { status: string }) => status === "sent")).toBe(true);
    });
    // The kill may have interrupted the second nudge. Then it was sent again, with a mark.
    const { data: sends } = await ask(second, "/deliveries");
    const cut = sends.filter((send: { possible_duplicate: boolean }) => send.possible_duplicate).length;
    const received = receivedIn(fake, ADA);
    expect(new Set(received)).toEqual(new Set(["re: Greet.", "re: Nudge.", "re: hello"]));
    expect(received.length).toBeGreaterThanOrEqual(4);
    expect(received.length).toBeLessThanOrEqual(4 + cut);

    expect(await post(second.url, message(ADA, "back again"))).toBe(200);
    await patiently(() =>
      expect(receivedIn(fake, ADA).slice(received.length).sort()).toEqual(["re: Greet.", "re: back again"]),
    );
    const [open] = (await ask(second, "/chat/sessions?status=active")).data;
    expect(open).toMatchObject({ summary: null, participant_data: { joined: true } });
    const log = (await ask(second, `/chat/sessions/${open.id}/events`)).data;
    expect(log).toMatchObject([{ event: "session_started", status: "completed" }]);
  },
);
