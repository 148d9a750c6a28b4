import { gzipSync } from "node:zlib";
import type pg from "pg";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/core/ids.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { buildConsolePage } from "../support/build-page.ts";
import { isSound, signInOn } from "../support/console-page.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel, sent } from "../support/gated-channel.ts";
import { createPacedBot } from "../support/paced-bot.ts";
import { testPool } from "../support/postgres.ts";

/** The platform's reaction to a text. */
const refusing = new Set<string>();
const losing = new Set<string>();
const phone = createGatedChannel((send) => {
  const { text } = send.part;
  if (refusing.has(text)) {
    return send.settle({
      kind: "failed",
      code: "phone_403",
      reason: "The user blocked the bot",
      scope: "user",
    });
  }
  send.settle(losing.has(text) ? { kind: "unknown", code: "cut", reason: "cut" } : sent());
});
const bot = createPacedBot();
let app: TestApp;
let pool: pg.Pool;
let browser: Browser;
let keys = 0;

/** A user of the phone writes. */
const say = (chat: string, text: string) =>
  fetch(`${app.url}/webhooks/phone`, {
    method: "POST",
    body: JSON.stringify({ chat, text, key: `event-${++keys}`, more: { profile: { user_name: chat } } }),
  });

const row = (page: Page, name: string) => page.locator(".row", { hasText: name });
const log = (page: Page) => page.getByRole("log", { name: "Messages" });

describe.skipIf(browserPath === null)("the console", () => {
  beforeAll(async () => {
    buildConsolePage();
    browser = await startBrowser();
    app = await startTestApp({
      agents: {
        coach: {
          name: "Coach",
          seedMessage: "Greet the user.",
          events: [{ on: "session_ended", do: [{ action: "log" }] }],
          bot: {
            type: "script",
            replies: [
              { match: "plan", say: "A **plan**:\n\n- walk\n- rest", buttons: [{ label: "Yes" }] },
              { match: "blocked", say: "You will not get this" },
              { match: "lost", say: "Perhaps you get this" },
              { match: "somebody", say: "One moment.", handoff: {} },
              { match: "broken", fail: { code: "overloaded", reason: "The model is overloaded" } },
            ],
            sequence: [{ say: "Hello." }],
          },
        },
        paced: { name: "Paced", bot: { type: "paced" } },
      },
      bots: { paced: bot.definition },
      kinds: { gated: phone.definition },
      channels: {
        phone: { kind: "gated", agent: "coach" },
        api: { kind: "api", agent: "paced" },
      },
    });
    pool = testPool(app.database.url);
  });

  afterAll(async () => {
    await browser?.close();
    await pool?.end();
    await app?.[Symbol.asyncDispose]();
  });

  it("is one small page that calls no other host, and that no other page can frame", async () => {
    const page = await fetch(`${app.url}/console/conversations/some-id`);
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(page.headers.get("content-security-policy")).toContain("require-trusted-types-for 'script'");
    const html = await page.text();
    expect(html).not.toMatch(/<script(?! type="module" src="\/)|<style|https?:\/\/|style=/);
    const files = [...html.matchAll(/(?:src|href)="(\/console[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files).toHaveLength(2);
    let bytes = gzipSync(html).length;
    for (const file of files) {
      const answer = await fetch(`${app.url}${file}`);
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, null]);
      bytes += gzipSync(await answer.text()).length;
    }
    expect(bytes).toBeLessThan(90 * 1024);
    expect((await fetch(`${app.url}/console/assets/none.js`)).status).toBe(404);
    const home = await fetch(`${app.url}/`, { redirect: "manual", headers: { accept: "text/html" } });
    expect(home.headers.get("location")).toBe("/console");
  });

  it("signs in with a key or a link, stores neither, and keeps typed text when the session ends", async () => {
    await say("Ida", "good morning");
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/console`);
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await isSound(page, "signing in");
    await page.getByLabel("API key").fill("cw_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("This API key is unknown or was revoked.").waitFor();
    await signInOn(page, app.apiKey);
    const stored = () =>
      page.evaluate<string>(
        "location.href + JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie",
      );
    expect(await stored()).not.toContain(app.apiKey);

    await row(page, "Ida").click();
    await page.getByRole("button", { name: "Take over" }).click();
    const answer = page.getByLabel("Your answer to the user");
    await answer.fill("half a sentence");
    await person.context.clearCookies();
    await page.getByRole("region", { name: "Signed out" }).waitFor();
    expect(await answer.inputValue()).toBe("half a sentence");
    await isSound(page, "signed out");
    await signInOn(page, app.apiKey);
    await page.getByRole("region", { name: "Signed out" }).waitFor({ state: "detached" });
    expect(await answer.inputValue()).toBe("half a sentence");
    await person.context.setOffline(true);
    await page.getByText(/^No connection since/).waitFor();
    expect(await log(page).getByText("good morning").isVisible()).toBe(true);
    await isSound(page, "offline");
    await person.context.setOffline(false);
    await page.getByText(/^No connection since/).waitFor({ state: "detached" });
    await answer.fill("");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Sign in with an API key").waitFor();
    expect(await person.context.cookies()).toEqual([]);

    const link = await app.app.signInLink();
    await page.goto("about:blank");
    await page.goto(link);
    await page.getByRole("navigation", { name: "Console" }).waitFor();
    expect(await stored()).not.toContain("code=");
    expect(person.offences).toEqual([]);
  });

  it("filters conversations by the address, moves by keys, and never moves a row under the pointer", async () => {
    await say("Ada", "I want a plan");
    await say("Bert", "something about tomatoes");
    await using person = await newPerson(browser, { viewport: { width: 1280, height: 720 } });
    const page = await person.tab(`${app.url}/console?q=tomatoes`);
    await signInOn(page, app.apiKey);
    await row(page, "Bert").waitFor();
    expect(await page.locator(".row").count()).toBe(1);
    await page.getByRole("searchbox").fill("");
    await row(page, "Ada").waitFor();
    expect(new URL(page.url()).search).toBe("");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByLabel("Channel").selectOption("api");
    await page.getByText("No conversation matches.").waitFor();
    expect(new URL(page.url()).search).toBe("?channel=api");
    await isSound(page, "filters");
    await page.goBack();
    await row(page, "Ada").waitFor();

    // The pointer is over a row, so the order must not change.
    const names = () => page.locator(".row-name").allInnerTexts();
    await row(page, "Bert").hover();
    const before = await names();
    await say("Cleo", "I am new here");
    await page.getByRole("button", { name: /new or changed/ }).waitFor();
    expect(await names()).toEqual(before);
    await page.getByRole("button", { name: /new or changed/ }).press("Enter");
    await eventually(async () => expect((await names())[0]).toBe("Cleo"));

    await page.mouse.move(1000, 500);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    const focused = await page.evaluate<string>(
      "document.activeElement.querySelector('.row-name').textContent",
    );
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: focused, level: 2 }).waitFor();
    await page.keyboard.press("j");
    await page.getByRole("heading", { name: (await names())[1] ?? "", level: 2 }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
    await isSound(page, "keys");
    await page.getByLabel("Single keys do something").uncheck();
    await page.keyboard.press("Escape");
    const address = page.url();
    await page.keyboard.press("j");
    expect(page.url()).toBe(address);
    expect(person.offences).toEqual([]);
  });

  it("shows an answer while it is written, and explains why a message was answered like this", async () => {
    const session = (
      await app.api("POST", "/chat/sessions", {
        agent_id: "paced",
        user: { identifier: "dora", name: "Dora" },
      })
    ).body;
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/console/conversations/${session.id}`);
    await signInOn(page, app.apiKey);
    await page.getByText("Nothing was said yet.").waitFor();
    const answered = app.api("POST", `/chat/sessions/${session.id}/messages`, { content: "slowly" });
    const answer = await bot.asked("slowly");
    await log(page).getByText("slowly").waitFor();
    answer.write("word by ");
    await log(page).getByText("word by").waitFor();
    answer.write("word");
    answer.end();
    await answered;
    await page
      .getByRole("article", { name: /^Paced, / })
      .getByText("word by word")
      .waitFor();
    const why = page.getByRole("article", { name: /^Dora, / }).getByRole("button", { name: /^Answered/ });
    await why.press("Enter");
    await log(page).getByText("The bot was called.").waitFor();
    await isSound(page, "a trail");
    await why.press("Enter");
    expect(await log(page).getByText("The bot was called.").count()).toBe(0);
    expect(person.offences).toEqual([]);
  });

  it("shows news at once in every tab over one stream, and another tab can take it over", async () => {
    await say("Jana", "first words");
    await using person = await newPerson(browser, { viewport: { width: 1280, height: 720 } });
    const streams: Page[] = [];
    person.context.on("request", (request) => {
      if (request.url().endsWith("/api/v1/feed")) streams.push(request.frame().page());
    });
    const first = await person.tab(`${app.url}/console`);
    await signInOn(first, app.apiKey);
    await row(first, "Jana").click();
    await log(first).getByText("first words").waitFor();
    await eventually(() => expect(streams).toEqual([first]));
    const second = await person.tab(first.url());
    await log(second).getByText("first words").waitFor();
    await say("Jana", "second words");
    await Promise.all([first, second].map((page) => log(page).getByText("second words").waitFor()));
    expect(streams).toEqual([first]);
    await first.close();
    await eventually(() => expect(streams).toEqual([first, second]));
    await say("Jana", "third words");
    await log(second).getByText("third words").waitFor();
    expect(person.offences).toEqual([]);
  });

  it("explains why a delivery failed, and lets an operator send it again or settle it", async () => {
    refusing.add("You will not get this");
    losing.add("Perhaps you get this");
    await say("Eve", "I am blocked");
    await say("Finn", "I am lost");
    await say("Gus", "I am broken");
    await using person = await newPerson(browser, { viewport: { width: 1280, height: 900 } });
    const page = await person.tab(`${app.url}/console?trouble=true`);
    await signInOn(page, app.apiKey);
    await row(page, "Gus").getByText("Trouble").waitFor();
    await row(page, "Eve").click();
    await page.getByRole("button", { name: /Not delivered: The user blocked the bot/ }).waitFor();
    await isSound(page, "a failed delivery");
    refusing.clear();
    await page.getByRole("button", { name: "Send again" }).click();
    await page.getByRole("button", { name: /^Sent/ }).waitFor();

    await page.getByRole("link", { name: /^Trouble/ }).click();
    const unknown = page.getByRole("region", { name: "Unknown deliveries" });
    await unknown.getByText("Perhaps you get this").waitFor();
    const turns = page.getByRole("region", { name: "Failed turns" });
    await turns.getByText("The model is overloaded").waitFor();
    await turns.getByRole("button", { name: "Ask the bot again" }).click();
    // The newest turn of the message failed, too. It alone waits for somebody.
    await eventually(async () =>
      expect((await app.api("GET", "/executions?retried=true")).body.meta.total).toBe(1),
    );
    await eventually(async () => expect(await turns.getByText("The model is overloaded").count()).toBe(1));
    await isSound(page, "trouble");
    await unknown.getByRole("button", { name: "It did not arrive" }).click();
    const failed = page.getByRole("region", { name: "Failed deliveries" });
    await failed.getByText("Perhaps you get this").waitFor();
    losing.clear();
    const before = phone.sends.length;
    await failed.getByRole("button", { name: "Send all again…" }).click();
    await page
      .getByRole("dialog")
      .getByText("1 failed delivery on all channels. Nothing is sent yet.")
      .waitFor();
    expect(phone.sends).toHaveLength(before);
    await isSound(page, "sending all again");
    await page.getByRole("button", { name: "Send 1 again" }).press("Enter");
    await failed.getByText("None.").waitFor();
    expect(phone.sends).toHaveLength(before + 1);

    const words = { channel: "phone", agent_id: "coach", identifier: "Gus", message_text: "Your reminder" };
    const { body: planned } = await app.api("POST", "/schedules", { ...words, at: "2099-01-01T00:00:00Z" });
    await pool.query(
      `INSERT INTO schedule_runs (id, schedule_id, due_at, status, reason, attempts)
       VALUES ($1, $2, now(), 'failed', 'the channel was off', 8)`,
      [newId(), planned.id],
    );
    await page.reload();
    const rules = page.getByRole("region", { name: "Failed rules and schedules" });
    await rules.getByText("the channel was off").waitFor();
    await isSound(page, "a failed schedule");
    await rules.getByRole("button", { name: "Try again" }).press("Enter");
    await phone.sending("Your reminder");
    await rules.getByText("None.").waitFor();
    expect(person.offences).toEqual([]);
  });

  it("lets a person take a conversation, answer it, hand it back, restart it and end it", async () => {
    await say("Hana", "good evening");
    await say("Ulla", "I need somebody");
    await using person = await newPerson(browser, { viewport: { width: 1280, height: 720 } });
    const page = await person.tab(`${app.url}/console`);
    await signInOn(page, app.apiKey);
    await row(page, "Hana").waitFor();
    await page.getByRole("button", { name: "Waiting" }).click();
    await row(page, "Ulla").getByText("Waits for a person").waitFor();
    await row(page, "Hana").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "All", exact: true }).click();
    await row(page, "Hana").click();
    await page.getByText("The bot answers here.").waitFor();
    await page.getByRole("button", { name: "Take over" }).press("Enter");
    await page.getByText("You answer here. The bot is silent.").waitFor();
    await page.getByLabel("Files to attach").setInputFiles([
      { name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("walk") },
      { name: "empty.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
    ]);
    const uploads = page.getByRole("list", { name: "Files of your answer" });
    await uploads.getByRole("alert").waitFor();
    await uploads.getByRole("button", { name: "Remove empty.txt" }).click();
    await uploads.getByText("Storing…").waitFor({ state: "detached" });
    await isSound(page, "files of an answer");
    await page.keyboard.press("r");
    await page.keyboard.type("A person writes");
    await page.keyboard.press("Enter");
    await phone.sending("A person writes");
    await page
      .getByRole("article", { name: /^operator, / })
      .getByRole("button", { name: /^Sent/ })
      .waitFor();
    await log(page)
      .getByRole("link", { name: /plan.txt/ })
      .waitFor();
    await uploads.waitFor({ state: "detached" });
    await isSound(page, "answering");
    await page.getByRole("button", { name: "Hand back" }).click();
    await isSound(page, "handing back");
    await page.getByRole("dialog").getByRole("button", { name: "Hand back" }).press("Enter");
    await page.getByText("The bot answers here.").waitFor();

    await page.getByRole("button", { name: "Start over" }).click();
    const dialog = page.getByRole("dialog", { name: "Start over" });
    await eventually(async () =>
      expect(await dialog.getByRole("textbox", { name: "Instruction" }).inputValue()).toBe("Greet the user."),
    );
    expect(await dialog.getByRole("checkbox").isChecked()).toBe(true);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Start over" }).press("Enter");
    await dialog.getByLabel("The new conversation begins with").selectOption("text");
    await dialog.getByRole("textbox", { name: "Words" }).fill("Welcome back.");
    await isSound(page, "starting over");
    const old = page.url();
    await dialog.getByRole("button", { name: "Start over" }).click();
    await log(page).getByText("Welcome back.").waitFor();
    expect(page.url()).not.toBe(old);
    await page.getByRole("button", { name: "End", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End conversation" }).click();
    await page.getByText("This conversation is over.").waitFor();
    expect(await page.getByRole("button", { name: "Start over" }).count()).toBe(0);
    expect(person.offences).toEqual([]);
  });

  it("shows channels and agents, and hides buttons that change something from viewers", async () => {
    const { body: key } = await app.api("POST", "/api_keys", { name: "Reader", scopes: ["sessions:read"] });
    await say("Ivo", "hello from Ivo");
    await using person = await newPerson(browser, { viewport: { width: 1280, height: 720 } });
    const page = await person.tab(`${app.url}/console/channels`);
    await signInOn(page, key.secret);
    await page.getByRole("heading", { name: "phone" }).waitFor();
    await isSound(page, "channels");
    await page.getByRole("link", { name: "Agents" }).click();
    await page
      .getByRole("listitem")
      .filter({ hasText: "Coach" })
      .getByRole("link", { name: "Versions" })
      .click();
    await page.getByRole("group", { name: "Definition, version 1" }).getByText("Greet the user.").waitFor();
    await isSound(page, "agents");
    await page.getByRole("link", { name: "Conversations" }).first().click();
    // A viewer sees no identifiers.
    await page.getByText("•••", { exact: true }).first().waitFor();
    await page.getByRole("searchbox").first().fill("from Ivo");
    await eventually(async () => expect(await page.locator(".row").count()).toBe(1));
    await page.locator(".row").click();
    await log(page).getByText("hello from Ivo", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: /Take over|Start over|End|Send again/ }).count()).toBe(0);
    expect(person.offences).toEqual([]);
  });
});
