import { WebClient } from "@slack/web-api";
import { Bot, InlineKeyboard } from "grammy";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessibilityFaults } from "../support/accessibility.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { buildSimulatorPage } from "../support/build-page.ts";
import { eventually } from "../support/eventually.ts";
import { startSimulator, type TestSimulator } from "../support/simulator.ts";

/** Sends a WhatsApp Flow through Meta, to a user who has written before. */
async function sendFlow({ control, settings }: TestSimulator): Promise<void> {
  const to = "491701234567";
  await control("POST", `/whatsapp/chats/${to}/messages`, { text: "hi", bot: "meta" });
  const parameters = { flow_message_version: "3", flow_id: "1", flow_cta: "Book", flow_token: "t1" };
  const interactive = { type: "flow", body: { text: "When?" }, action: { name: "flow", parameters } };
  const url = `${settings.META_API_BASE_URL}/${settings.META_PHONE_NUMBER_ID}/messages`;
  await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${settings.META_ACCESS_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ messaging_product: "whatsapp", to, type: "interactive", interactive }),
  });
}

describe.skipIf(browserPath === null)("the simulator's page", () => {
  let browser: Browser;
  beforeAll(async () => {
    buildSimulatorPage();
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  it("shows several phones, talks to the bot, presses its buttons, and shows the traffic", async () => {
    await using simulator = await startSimulator("telegram", "slack", "whatsapp", "sms");
    const { TELEGRAM_BOT_TOKEN: token = "", TELEGRAM_API_ROOT: apiRoot = "" } = simulator.settings;
    const bot = new Bot(token, { client: { apiRoot } });
    bot.callbackQuery("yes", (context) =>
      context.editMessageText("You pressed <b>yes</b>", { parse_mode: "HTML" }),
    );
    bot.on("message:text", (context) =>
      context.reply(`You said: ${context.message.text}`, {
        reply_markup: new InlineKeyboard().text("Yes", "yes"),
      }),
    );
    const ended = bot.start();
    await using person = await newPerson(browser);
    const page = await person.tab(`${simulator.origin}/simulator`);
    try {
      const phone = page.getByRole("region", { name: "Telegram: telegram" });
      await phone.getByRole("textbox", { name: "Message" }).fill("hello");
      await phone.getByRole("textbox", { name: "Message" }).press("Enter");
      await phone.getByText("You said: hello").waitFor();
      await phone.getByRole("button", { name: "Yes" }).click();
      await phone.getByText("You pressed yes").waitFor();
      await phone.locator("strong", { hasText: "yes" }).waitFor();
      const answerWith = (words: string) => page.once("dialog", (dialog) => void dialog.accept(words));
      answerWith("❤️");
      await phone.getByRole("button", { name: "React" }).click();
      await phone.getByText("❤️").waitFor();
      answerWith("hello again");
      await phone.getByRole("button", { name: "Edit" }).click();
      await phone.getByText("hello again").waitFor();
      await page.getByRole("region", { name: "Requests" }).getByText("sendMessage").first().waitFor();

      for (const name of ["Telegram", "WhatsApp"]) {
        const sharing = page.getByRole("region", { name }).first();
        const share = () => sharing.getByRole("button", { name: "Send a place or a contact" }).click();
        await share();
        await sharing.getByLabel("Name (optional)").fill("Our office");
        await sharing.getByRole("button", { name: "Send place" }).press("Enter");
        await sharing.getByText("📍 Our office, 48.1374, 11.5755").waitFor();
        await share();
        await sharing.getByRole("radio", { name: "A contact" }).check();
        await sharing.getByLabel("Name", { exact: true }).fill("Bela");
        await sharing.getByLabel("Phone number").fill("+49 170 1234567");
        if (name === "Telegram") expect(await accessibilityFaults(page)).toEqual([]);
        await sharing.getByRole("button", { name: "Send contact" }).click();
        await sharing.getByText("👤 Bela, +491701234567").waitFor();
      }
      const sms = page.getByRole("region", { name: "SMS: sms" });
      await sms.getByRole("textbox", { name: "Message" }).fill(`help ${"x".repeat(200)}`);
      await sms.getByRole("textbox", { name: "Message" }).press("Enter");
      await sms.getByText("RCS").waitFor();
      for (const label of ["Reply", "React", "Send a place or a contact"])
        expect(await sms.getByRole("button", { name: label }).count()).toBe(0);
      await sendFlow(simulator);
      answerWith('{"day": "Monday"}');
      await page
        .getByRole("region", { name: "WhatsApp: meta" })
        .getByRole("button", { name: "Book" })
        .click();
      await eventually(async () => {
        const { body } = await simulator.control("GET", "/whatsapp/chats/491701234567?bot=meta");
        expect(body.at(-1)).toMatchObject({ from: "user", text: "Sent" });
      });
      const icon = await page.locator("link[rel=icon]").getAttribute("href");
      const { headers, ok } = await fetch(new URL(icon ?? "", page.url()));
      expect([ok, headers.get("content-type")]).toEqual([true, "image/svg+xml"]);

      await page.getByRole("button", { name: "Rate limit" }).click();
      await eventually(async () => {
        const { body } = await simulator.control("GET", "/faults");
        expect(body).toMatchObject([{ platform: "telegram", fault: "rate_limit" }]);
      });
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.setViewportSize({ width: 320, height: 640 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
      expect(await page.getByRole("region", { name: "Slack: slack" }).isVisible()).toBe(false);
      await page.getByRole("button", { name: "slack", exact: true }).click();
      const slack = page.getByRole("region", { name: "Slack: slack" });
      expect(await slack.isVisible()).toBe(true);
      const { body: said } = await simulator.control("POST", "/slack/chats/ada/messages", { text: "hi" });
      const { SLACK_API_URL: slackApiUrl = "", SLACK_BOT_TOKEN: slackToken } = simulator.settings;
      const { agents } = new WebClient(slackToken, { slackApiUrl, retryConfig: { retries: 0 } });
      const [channel_id, thread_ts] = ["D0ADA00000", said.id];
      await agents.sessions.setStatus({ channel_id, thread_ts, status: "processing", title: "Greeting" });
      await slack.getByText("Greeting").waitFor();
      await slack.getByRole("button", { name: "Stop" }).click();
      await eventually(async () => {
        const { body: log } = await simulator.control("GET", "/log");
        expect(log.map(({ name }: { name: string }) => name)).toContain("agent_session_stopped");
      });
      expect(person.offences).toEqual([]);
    } finally {
      await bot.stop();
      await ended.catch(() => undefined);
    }
  });
});
