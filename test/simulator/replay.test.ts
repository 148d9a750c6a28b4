import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bot } from "grammy";
import { expect, it } from "vitest";
import { simulate } from "../../src/cli/simulate.ts";
import { eventually } from "../support/eventually.ts";
import { startSimulator } from "../support/simulator.ts";

it("saves a run, replays it, and reports the differences", async () => {
  await using simulator = await startSimulator("telegram");
  const { TELEGRAM_BOT_TOKEN: token = "", TELEGRAM_API_ROOT: apiRoot = "" } = simulator.settings;
  const bot = new Bot(token, { client: { apiRoot } });
  bot.on("message:text", (context) => {
    const { message } = context;
    const answered = message.reply_to_message?.text;
    return context.reply(`You said: ${message.text}${answered === undefined ? "" : ` to ${answered}`}`);
  });
  const ended = bot.start();
  const directory = await mkdtemp(join(tmpdir(), "causeway-run-"));
  const file = join(directory, "run.json");
  const lines: string[] = [];
  const play = (url: string | null = simulator.origin) =>
    simulate({
      platforms: [],
      port: new URL(simulator.origin).port,
      urls: {},
      replay: file,
      url,
      timeoutMs: 2_000,
      print: (line) => void lines.push(line),
    });
  try {
    const say = (body: object) => simulator.control("POST", "/telegram/chats/5/messages", body);
    const sees = (text: string) =>
      eventually(async () => {
        const { body } = await simulator.control("GET", "/telegram/chats/5");
        expect(body.at(-1).text).toBe(text);
      });
    const { body: first } = await say({ text: "one" });
    await sees("You said: one");
    // A refused step is not recorded, and an answered message has a new id in each run.
    const refused = await simulator.control("POST", "/telegram/chats/5/press", { label: "Nothing" });
    expect(refused.status).toBe(404);
    await say({ text: "two", reply_to: first.id });
    await sees("You said: two to one");
    const { body: run } = await simulator.control("GET", "/run");
    expect(run.steps.map((step: object) => Object.keys(step)[0])).toEqual(["say", "expect", "say", "expect"]);
    await writeFile(file, JSON.stringify(run));
    expect(await play()).toBe(0);
    expect(lines.at(-1)).toBe("The run is as it was.");

    run.steps.at(-1).expect.messages.at(-1).text = "You said: three";
    await writeFile(file, JSON.stringify(run));
    expect(await play()).toBe(1);
    expect(lines.join("\n")).toContain("bot: You said: three");

    await writeFile(file, "{}");
    expect(await play()).toBe(2);
    // The file is read before anything starts, so the occupied port does not matter.
    expect(await play(null)).toBe(2);
    expect(lines.at(-1)).toMatch(/run\.json is not a saved run: simulator: .+; steps: /);
    await rm(file);
    expect(await play(null)).toBe(2);
    expect(lines.at(-1)).toMatch(/^There is no file .*run\.json\.$/);
  } finally {
    await bot.stop();
    await ended.catch(() => undefined);
    await rm(directory, { recursive: true });
  }
});
