import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, type Person, startBrowser } from "../support/browser.ts";
import { bubbles, choose, composer, reads, say, texts } from "../support/chat-page.ts";
import { eventually } from "../support/eventually.ts";
import { createPacedBot } from "../support/paced-bot.ts";
import { startWebServer } from "../support/web-server.ts";

const bot = createPacedBot();
let app: TestApp;
let browser: Browser;
let chat: string;

/** Waits until every typed message has reached the server. */
async function isSent(page: Page): Promise<void> {
  await eventually(async () => expect(await page.locator(".sending, .failed").count()).toBe(0));
}

async function visit(person: Person, url = chat): Promise<Page> {
  return person.tab(url);
}

describe.skipIf(browserPath === null)("a visitor in a browser", () => {
  beforeAll(async () => {
    browser = await startBrowser();
    app = await startTestApp({
      agents: { echo: { bot: { type: "echo" } }, paced: { bot: { type: "paced" }, turns: { attempts: 1 } } },
      bots: { paced: bot.definition },
      channels: {
        web: { kind: "web", agent: "paced", title: "Coach", greeting: "Hello **you**" },
        echo: { kind: "web", agent: "echo" },
      },
    });
    chat = `${app.url}/chat/web`;
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
  });

  test("types a message and sees the answer, on a page that loads nothing from other hosts", async () => {
    await using person = await newPerson(browser);
    const page = await visit(person, `${app.url}/chat/echo`);
    await say(page, "hello");
    await reads(page, ["hello", "You said: hello"]);
    await say(page, "and again");
    await reads(page, ["hello", "You said: hello", "and again", "You said: and again"]);
    expect(person.offences).toEqual([]);
  });

  test("rates an answer with the keyboard, gives a reason, and withdraws the rating", async () => {
    await using person = await newPerson(browser);
    const page = await visit(person, `${app.url}/chat/echo`);
    await say(page, "rate me");
    await reads(page, ["rate me", "You said: rate me"]);
    const good = page.getByRole("button", { name: "Good answer" });
    const bad = page.getByRole("button", { name: "Bad answer" });
    await good.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Good answer", pressed: true }).waitFor();
    await bad.focus();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Bad answer", pressed: true }).waitFor();
    await page.getByRole("button", { name: "Good answer", pressed: false }).waitFor();
    await page.getByRole("textbox", { name: "Why? (optional)" }).fill("It only repeats me.");
    await page.keyboard.press("Enter");
    await page.getByText("Thank you.").waitFor();
    expect(await page.getByRole("textbox", { name: "Why? (optional)" }).count()).toBe(0);
    const { data } = (await app.api("GET", "/feedback?rating=down")).body;
    expect(data).toMatchObject([
      { comment: "It only repeats me.", content: "You said: rate me", via: "web" },
    ]);
    await page.reload();
    await page.getByRole("button", { name: "Bad answer", pressed: true }).click();
    await page.getByRole("button", { name: "Bad answer", pressed: false }).waitFor();
    expect((await app.api("GET", "/feedback")).body.data).toEqual([]);
    expect(person.offences).toEqual([]);
  });

  test("sees that an answer is being prepared, then sees it grow, and can continue writing", async () => {
    await using person = await newPerson(browser);
    const page = await visit(person);
    await page.locator(".greeting", { hasText: "Hello you" }).waitFor();
    await say(page, "grow");
    const answer = await bot.asked("grow");
    await page.getByText("Coach is writing").waitFor({ state: "attached" });
    answer.write("One ");
    await reads(page, ["grow", "One"]);
    answer.write("two");
    await reads(page, ["grow", "One two"]);
    await say(page, "grow more");
    await reads(page, ["grow", "grow more", "One two"]);
    await isSent(page);
    answer.end();
    const next = await bot.asked("grow more");
    next.write("Three");
    next.end();
    await reads(page, ["grow", "grow more", "One two", "Three"]);
    expect(await page.getByText("Coach is writing").count()).toBe(0);
    expect(person.offences).toEqual([]);
  });

  test("reloads during an answer and opens a second tab; both continue with the answer", async () => {
    await using person = await newPerson(browser);
    const page = await visit(person);
    await say(page, "reload");
    const answer = await bot.asked("reload");
    answer.write("The first half, ");
    await reads(page, ["reload", "The first half,"]);
    await page.reload();
    await reads(page, ["reload", "The first half,"]);
    const second = await visit(person);
    await reads(second, ["reload", "The first half,"]);
    answer.write("the second half.");
    for (const tab of [page, second]) await reads(tab, ["reload", "The first half, the second half."]);
    answer.end();
    await say(second, "from the other tab");
    const other = await bot.asked("from the other tab");
    other.write("Here too.");
    other.end();
    const all = ["reload", "The first half, the second half.", "from the other tab", "Here too."];
    for (const tab of [page, second]) await reads(tab, all);
    await page.reload();
    await reads(page, all);
    expect(bot.count("reload")).toBe(1);
  });

  test("loses the connection during an answer, gets it complete once, and keeps the typed text", async () => {
    const server = await startWebServer(app);
    await using person = await newPerson(browser);
    const page = await visit(person, `${server.url}/chat/web`);
    await say(page, "cut");
    const answer = await bot.asked("cut");
    answer.write("before the cut, ");
    await reads(page, ["cut", "before the cut,"]);
    await server.kill();
    await page.getByText("No connection").waitFor();
    answer.write("during it, ");
    await say(page, "typed offline");
    await page.getByText("Sent as soon as there is a connection").waitFor();
    await using _back = await startWebServer(app, { port: server.port });
    await reads(page, ["cut", "typed offline", "before the cut, during it,"]);
    await isSent(page);
    answer.write("after it.");
    answer.end();
    const next = await bot.asked("typed offline");
    next.write("Got it.");
    next.end();
    await reads(page, ["cut", "typed offline", "before the cut, during it, after it.", "Got it."]);
    expect([bot.count("cut"), bot.count("typed offline")]).toEqual([1, 1]);
    await page.getByText("No connection").waitFor({ state: "hidden" });
  });

  test("writes without a connection; everything is sent once and in order after it returns", async () => {
    const server = await startWebServer(app);
    await using person = await newPerson(browser);
    const page = await visit(person, `${server.url}/chat/echo`);
    // The page has loaded all its files.
    await composer(page).waitFor();
    await server.kill();
    for (const text of ["first", "second", "third"]) await say(page, text);
    await page.getByText("Sent as soon as there is a connection").first().waitFor();
    await eventually(async () => expect(await page.locator(".sending").count()).toBe(3));
    await using _back = await startWebServer(app, { port: server.port });
    await eventually(async () => expect(await texts(page)).toHaveLength(6));
    expect(await texts(page, ".assistant")).toEqual([
      "You said: first",
      "You said: second",
      "You said: third",
    ]);
    expect(await bubbles(page, ".user").allInnerTexts()).toEqual(["first", "second", "third"]);
    expect(person.offences).toEqual([]);
  });

  test("has several chats and returns to the first", async () => {
    await using person = await newPerson(browser);
    const page = await visit(person, `${app.url}/chat/echo`);
    await say(page, "about cats");
    await reads(page, ["about cats", "You said: about cats"]);
    await page.getByRole("navigation").getByRole("button", { name: "New chat" }).click();
    await reads(page, []);
    await say(page, "about dogs");
    await reads(page, ["about dogs", "You said: about dogs"]);
    await page.getByRole("navigation").getByRole("button", { name: "about cats" }).click();
    await reads(page, ["about cats", "You said: about cats"]);
    await using stranger = await newPerson(browser);
    const other = await visit(stranger, `${app.url}/chat/echo`);
    await reads(other, []);
    expect(await other.getByRole("navigation").getByRole("listitem").count()).toBe(0);
  });

  test("is told when there is no answer, and can continue", async () => {
    await using person = await newPerson(browser);
    const page = await visit(person);
    await say(page, "fail");
    const answer = await bot.asked("fail");
    answer.write("Well, ");
    answer.end(new Error("stack trace with a secret"));
    await eventually(async () => expect(await page.locator(".typing").count()).toBe(0));
    expect(
      await page.locator("causeway-chat").evaluate((chat) => chat.shadowRoot?.textContent),
    ).not.toContain("secret");
    await say(page, "after the failure");
    (await bot.asked("after the failure")).end();
  });

  test("sees formatted text, and a bot's text never becomes active content", async () => {
    await using person = await newPerson(browser);
    const page = await visit(person);
    await say(page, "format");
    const answer = await bot.asked("format");
    const hostile = [
      "**bold** and `code` and [a link](https://example.org/x)\n\n- one\n- two\n\n",
      "<img src=x onerror=alert(1)><script>alert(2)</script>\n\n",
      "[click](javascript:alert(3)) ![pixel](https://tracker.example/p.png)\n\n",
      "```html\n<b>not bold</b>\n```",
    ];
    for (const text of hostile) for (const character of text) answer.write(character);
    answer.end();
    const body = bubbles(page, ".assistant").last();
    await body.locator("pre code").getByText("<b>not bold</b>").waitFor();
    expect(await body.locator("strong").textContent()).toBe("bold");
    expect(await body.locator("li").allInnerTexts()).toEqual(["one", "two"]);
    expect(await body.locator("img, script, b, [onerror]").count()).toBe(0);
    await body.getByText("a link (example.org)").waitFor();
    const links = await body
      .locator("a")
      .evaluateAll((all) => all.map((link) => [link.getAttribute("href"), link.getAttribute("rel")]));
    expect(links.map(([href]) => href)).toEqual(["https://example.org/x", "https://tracker.example/p.png"]);
    for (const [, rel] of links) expect(rel).toContain("noopener");
    expect(person.offences).toEqual([]);
  });

  test("uses it on a small screen without scrolling sideways", async () => {
    await using person = await newPerson(browser, { viewport: { width: 320, height: 568 } });
    const page = await visit(person, `${app.url}/chat/echo`);
    await say(page, "w".repeat(400));
    await eventually(async () => expect(await bubbles(page).count()).toBe(2));
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(overflow).toBeLessThanOrEqual(0);
    const fontSize =
      "getComputedStyle(document.querySelector('causeway-chat').shadowRoot.querySelector('textarea')).fontSize";
    // With a smaller font, phones zoom in when the field is touched.
    expect(await page.evaluate(fontSize)).toBe("16px");
    await choose(page, "Chats");
    await page.getByRole("navigation", { name: "Your chats" }).getByRole("listitem").first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("navigation", { name: "Your chats" }).waitFor({ state: "hidden" });
  });
});
