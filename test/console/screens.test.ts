import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { buildApiPage, buildConsolePage } from "../support/build-page.ts";
import { isSound, signInOn } from "../support/console-page.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";
import { createPacedBot } from "../support/paced-bot.ts";

const WIDE = { viewport: { width: 1440, height: 900 } };

const phone = createGatedChannel();
const bot = createPacedBot();
const AGENTS = {
  coach: {
    name: "Coach",
    messages: [{ role: "system", content: "You are a coach." }],
    bot: {
      type: "script",
      replies: [{ match: "fail", fail: { code: "down", reason: "It is down" } }],
      sequence: [{ say: "Hello." }],
    },
  },
  paced: { name: "Paced", bot: { type: "paced" } },
};
let app: TestApp;
let browser: Browser;
let keys = 0;

const say = (chat: string, text: string) =>
  fetch(`${app.url}/webhooks/phone`, {
    method: "POST",
    body: JSON.stringify({ chat, text, key: `event-${++keys}` }),
  });
const card = (page: Page, words: string) => page.locator(".schedules .card", { hasText: words });

describe.skipIf(browserPath === null)("the console", () => {
  beforeAll(async () => {
    buildConsolePage();
    browser = await startBrowser();
    app = await startTestApp({
      agents: AGENTS,
      bots: { paced: bot.definition },
      kinds: { gated: phone.definition },
      channels: { phone: { kind: "gated", agent: "coach" }, api: { kind: "api", agent: "paced" } },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
  });

  it("links to the API page, where the signed-in person can try the calls", async () => {
    buildApiPage();
    await using person = await newPerson(browser, WIDE);
    const page = await person.tab(`${app.url}/console`);
    await signInOn(page, app.apiKey);
    await page.getByRole("link", { name: "API", exact: true }).click();

    const operation = page.locator("#operations-Channels-listChannels");
    await operation.locator(".opblock-summary-control").click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    await operation.locator(".live-responses-table").getByText('"phone"').first().waitFor();
    // A call that changes something has the header that the console's cookie requires.

    const making = page.locator("[id$=-createApiKey]");
    await making.locator(".opblock-summary-control").click();
    await making.getByRole("button", { name: "Try it out" }).click();
    await making.locator("textarea").fill('{"name": "tried", "scopes": ["sessions:read"]}');
    await making.getByRole("button", { name: "Execute" }).click();
    await making.locator(".live-responses-table").getByText('"tried"').first().waitFor();
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
    expect(person.offences).toEqual([]);
  });

  it("lists schedules, pauses one, sends one immediately, and cancels one", async () => {
    await say("Ada", "hello");
    await phone.sending("Hello.");
    const common = { agent_id: "coach", channel: "phone", identifier: "Ada" };
    await app.api("POST", "/schedules", {
      ...common,
      name: "Morning",
      message_text: "Good morning.",
      cron: "0 9 * * 1-5",
      timezone: "Europe/Berlin",
    });
    await app.api("POST", "/schedules", {
      ...common,
      message_text: "In an hour.",
      at: "2099-03-01T08:00:00Z",
    });
    await using person = await newPerson(browser, WIDE);
    const page = await person.tab(`${app.url}/console/schedules`);
    await signInOn(page, app.apiKey);
    await card(page, "Morning").getByText("0 9 * * 1-5 (Europe/Berlin)").waitFor();
    await card(page, "Morning").getByRole("button", { name: "Pause" }).click();
    await card(page, "Morning").getByText("paused", { exact: true }).waitFor();
    await page.getByRole("combobox", { name: "Status" }).selectOption("paused");
    await card(page, "In an hour.").waitFor({ state: "detached" });
    expect(new URL(page.url()).search).toBe("?status=paused");
    await isSound(page, "schedules");
    await card(page, "Morning").getByRole("button", { name: "Resume" }).press("Enter");
    await page.getByText("No schedule matches.").waitFor();
    await page.goBack();

    await card(page, "Morning").getByRole("button", { name: "Send now…" }).click();
    await isSound(page, "sending now");
    await page.getByRole("dialog").getByRole("button", { name: "Send" }).press("Enter");
    await phone.sending("Good morning.");
    await card(page, "In an hour.").getByRole("button", { name: "Cancel…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel schedule" }).click();
    await card(page, "In an hour.").getByText("cancelled").waitFor();
    const { body } = await app.api("GET", "/schedules?status=active");
    expect(body.data).toMatchObject([{ name: "Morning", runs: 0 }]);
    expect(person.offences).toEqual([]);
  });

  it("draws the statistics of the API, with a table and a file for each chart, and the current queue", async () => {
    await say("Bert", "fail");
    await eventually(async () =>
      expect((await app.api("GET", "/executions?status=failed")).body.meta.total).toBe(1),
    );
    const { body: session } = await app.api("POST", "/chat/sessions", { agent_id: "paced" });
    const answered = app.api("POST", `/chat/sessions/${session.id}/messages`, { content: "slowly" });
    const answer = await bot.asked("slowly");
    await using person = await newPerson(browser, { ...WIDE, acceptDownloads: true });
    const page = await person.tab(`${app.url}/console/numbers`);
    await signInOn(page, app.apiKey);
    const now = page.getByRole("region", { name: "Waiting now" });
    await now.getByRole("list", { name: "Channels with waiting work" }).getByText("api").waitFor();
    expect((await app.api("GET", "/queue")).body).toMatchObject({
      workers: 1,
      sessions: { waiting: 1, running: 1, oldest_seconds: expect.any(Number) },
      channels: [
        { channel: "api", sessions: { waiting: 1 } },
        { channel: "phone", sessions: { waiting: 0 } },
      ],
    });
    answer.write("done");
    answer.end();
    await answered;
    await now.getByRole("list", { name: "Channels with waiting work" }).waitFor({ state: "detached" });

    const turns = page.getByRole("region", { name: "Turns", exact: true });
    const { body: stats } = await app.api("GET", "/stats?interval=hour&group_by=none");
    const sum = (of: "turns" | "failures") =>
      stats.data.reduce((total: number, row: Record<string, number>) => total + (row[of] ?? 0), 0);
    await page.reload();
    await turns.getByText(`${sum("turns")}, ${sum("failures")} failed`).waitFor();
    await turns.getByText("As a table").click();
    const cells = await turns.locator("tbody td").allInnerTexts();
    expect(cells.reduce((total, text) => total + Number(text), 0)).toBe(sum("turns") + sum("failures"));
    await isSound(page, "numbers");
    const download = page.waitForEvent("download");
    await turns.getByRole("link", { name: "Save as CSV" }).press("Enter");
    const lines = readFileSync(await (await download).path(), "utf8")
      .trimEnd()
      .split("\r\n");
    expect(lines[0]).toBe('"Time","turns","failed"');
    expect(lines).toHaveLength(1 + cells.length / 2);

    const totals = page.getByRole("region", { name: "By channel" });
    await totals.getByRole("row", { name: /^phone/ }).waitFor();
    await page.getByRole("combobox", { name: "Channel" }).selectOption("api");
    await totals.getByRole("row", { name: /^phone/ }).waitFor({ state: "detached" });
    expect(new URL(page.url()).search).toBe("?channel=api");

    await page.getByRole("link", { name: /^Channels/ }).click();
    await page.getByRole("button", { name: "Check api" }).press("Enter");
    const findings = page.getByRole("list", { name: "Findings of api" });
    await findings.getByText("Replies are read from the API, nothing is posted.").waitFor();
    await isSound(page, "a checked channel");
    expect(person.offences).toEqual([]);
  });

  it("shows two versions of an agent side by side, and the exact prompt in a conversation", async () => {
    await say("Cleo", "good evening");
    await app.configure({
      agents: {
        ...AGENTS,
        coach: { ...AGENTS.coach, messages: [{ role: "system", content: "You are a kind coach." }] },
      },
    });
    await app.app.reload();
    await using person = await newPerson(browser, WIDE);
    const page = await person.tab(`${app.url}/console/agents/coach`);
    await signInOn(page, app.apiKey);
    const sides = page.getByRole("group", { name: "Definition, version 2, beside version 1" });
    await sides.locator("del", { hasText: "You are a coach." }).waitFor();
    await sides.locator("ins", { hasText: "You are a kind coach." }).waitFor();
    const prompt = page.getByRole("region", { name: "Prompt of Coach" });
    await prompt.getByLabel("In the conversation with").selectOption({ label: "Cleo (phone, version 1)" });
    await prompt.getByLabel(/^If they wrote/).fill("And then?");
    await prompt.getByRole("button", { name: "Show the prompt" }).press("Enter");
    const messages = prompt.getByRole("list", { name: "Messages to the bot" }).getByRole("listitem");
    await messages.first().getByText("You are a coach.").waitFor();
    await messages.filter({ hasText: "good evening" }).waitFor();
    await messages.last().getByText("And then?").waitFor();
    await isSound(page, "versions and a prompt");
    expect(person.offences).toEqual([]);
  });
});
