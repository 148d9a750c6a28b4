import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp, type TestAppOptions } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { buildConsolePage } from "../support/build-page.ts";
import { isSound, signInOn } from "../support/console-page.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, sent } from "../support/gated-channel.ts";

const WIDE = { viewport: { width: 1280, height: 720 } };
/** Ten times the goal: the page itself may work for one second. */
const USABLE_S = 10;
const SECRETS = {
  LLM_KEY: "sk-this-belongs-to-the-model",
  HOOK_KEY: "whsec-this-signs-the-replies",
};

let isOut = false;
const phone = createGatedChannel((send) =>
  send.settle(
    isOut
      ? { kind: "failed", code: "phone_401", reason: "The token was revoked", scope: "connection" }
      : sent(),
  ),
);
let app: TestApp;
/** Owns the database, which continues after this process. */
let first: TestApp;
let browser: Browser;
let keys = 0;

const OPTIONS: TestAppOptions = {
  agents: {
    coach: { name: "Coach", bot: { type: "echo" } },
    model: {
      name: "Model",
      bot: {
        type: "llm",
        provider: "openai-compatible",
        baseUrl: "http://127.0.0.1:9/v1",
        apiKey: "$LLM_KEY",
        model: "m",
      },
    },
  },
  kinds: { gated: phone.definition },
  channels: {
    phone: { kind: "gated", agent: "coach" },
    api: {
      kind: "api",
      agent: "coach",
      webhook: { url: "http://127.0.0.1:9/replies", secret: "$HOOK_KEY" },
    },
  },
  env: SECRETS,
};

const say = (chat: string, text: string) =>
  fetch(`${app.url}/webhooks/phone`, {
    method: "POST",
    body: JSON.stringify({ chat, text, key: `event-${++keys}` }),
  });
const row = (page: Page, name: string) => page.locator(".row", { hasText: name });

describe.skipIf(browserPath === null)("the console during a failure", () => {
  beforeAll(async () => {
    buildConsolePage();
    browser = await startBrowser();
    first = await startTestApp(OPTIONS);
    app = first;
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
    await first?.[Symbol.asyncDispose]();
  });

  it("loads quickly on a slow machine, and no screen receives a secret", async () => {
    await say("Ada", "good morning");
    await using person = await newPerson(browser, WIDE);
    const page = await person.tab(`${app.url}/console`);
    const bodies: Promise<string>[] = [];
    person.context.on("response", (response) => {
      if (!response.headers()["content-type"]?.startsWith("text/event-stream"))
        bodies.push(response.text().catch(() => ""));
    });
    await signInOn(page, app.apiKey);
    const throttle = await person.context.newCDPSession(page);
    await throttle.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await throttle.send("Performance.enable");
    // The time of the page's tasks does not include waits for the server.
    const worked = async () => {
      const { metrics } = await throttle.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
    };
    const before = await worked();
    await page.reload();
    await row(page, "Ada").click();
    await page.getByRole("log", { name: "Messages" }).getByText("good morning", { exact: true }).waitFor();
    expect((await worked()) - before).toBeLessThan(USABLE_S);
    await throttle.send("Emulation.setCPUThrottlingRate", { rate: 1 });

    const screens = page.getByRole("navigation", { name: "Console" }).getByRole("listitem");
    for (const name of await screens.getByRole("link").allInnerTexts()) {
      await screens.getByRole("link", { name: name.split("\n")[0] ?? "" }).click();
      await screens.locator("[aria-current=page]", { hasText: name.split("\n")[0] ?? "" }).waitFor();
      await page.getByText("Loading…").waitFor({ state: "detached" });
    }
    await page.goto(`${app.url}/console/agents/model`);
    await page.getByRole("group", { name: "Definition, version 1" }).waitFor();
    const sentBodies = (await Promise.all(bodies)).join("\n");
    expect(sentBodies).toContain("good morning");
    for (const secret of [app.apiKey, ...Object.values(SECRETS)]) expect(sentBodies).not.toContain(secret);
    expect(person.offences).toEqual([]);
  });

  it("marks a channel red with the platform's reason, and clears it after the next success", async () => {
    await using person = await newPerson(browser, WIDE);
    const page = await person.tab(`${app.url}/console/channels`);
    await signInOn(page, app.apiKey);
    const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "phone" }) });
    await card.getByText("Works").waitFor();
    isOut = true;
    await say("Bert", "are you there?");
    await card.getByText("In trouble").waitFor();
    await card.getByText("The token was revoked").waitFor();
    await card.getByRole("link", { name: "Trouble" }).waitFor();
    await isSound(page, "a channel in trouble");
    isOut = false;
    await say("Bert", "and now?");
    await card.getByText("Works").waitFor();
    expect(person.offences).toEqual([]);
  });

  it("keeps typed text during a restart of the server, and reports the restart", async () => {
    await say("Cleo", "hello");
    await using person = await newPerson(browser, WIDE);
    const page = await person.tab(`${app.url}/console`);
    await signInOn(page, app.apiKey);
    await row(page, "Cleo").click();
    await page.getByRole("button", { name: "Take over" }).click();
    const answer = page.getByLabel("Your answer to the user");
    await answer.fill("half a sentence");
    const { database, url } = app;
    await app.stop();
    await page.getByText(/^No connection since/).waitFor();
    await eventually(async () =>
      expect(await page.evaluate<boolean>(`document.querySelector("main").className === "stale"`)).toBe(true),
    );
    app = await startTestApp({
      ...OPTIONS,
      database,
      env: { ...SECRETS, PORT: new URL(url).port },
    });
    await page.getByText(/^No connection since/).waitFor({ state: "detached" });
    expect(await answer.inputValue()).toBe("half a sentence");
    await answer.press("Enter");
    await phone.sending("half a sentence");
    await say("Cleo", "welcome back");
    await page.getByRole("log", { name: "Messages" }).getByText("welcome back").waitFor();
    expect(person.offences).toEqual([]);
  });
});
