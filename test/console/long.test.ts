import type pg from "pg";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/core/ids.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { buildConsolePage } from "../support/build-page.ts";
import { isSound, signInOn } from "../support/console-page.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";
import { testPool } from "../support/postgres.ts";

const MESSAGES = 5_000;
/** Maximum calls for messages while a conversation opens. A page that loads all messages makes a hundred. */
const FEW_CALLS = 10;
const WIDE = { viewport: { width: 1280, height: 720 } };

const phone = createGatedChannel();
let app: TestApp;
let pool: pg.Pool;
let browser: Browser;
let keys = 0;

const say = (chat: string, text: string) =>
  fetch(`${app.url}/webhooks/phone`, {
    method: "POST",
    body: JSON.stringify({ chat, text, key: `event-${++keys}` }),
  });
const log = (page: Page) => page.getByRole("log", { name: "Messages" });
const row = (page: Page, name: string) => page.locator(".row", { hasText: name });

/** A conversation of thousands of messages. The first one has words that no other has. */
async function longConversation(): Promise<string> {
  const { id } = (
    await app.api("POST", "/chat/sessions", { agent_id: "coach", user: { identifier: "long" } })
  ).body;
  await pool.query(
    `INSERT INTO messages (id, session_id, seq, turn_seq, role, origin, content)
     SELECT left(i || $2, 27), $1, i, i, 'user', 'user',
       CASE i WHEN 1 THEN 'the very zeppelin' ELSE 'message number ' || i END
     FROM generate_series(1, $3) i`,
    [id, `x${newId()}`, MESSAGES],
  );
  await pool.query("UPDATE sessions SET next_seq = $2 WHERE id = $1", [id, MESSAGES + 1]);
  return id;
}

describe.skipIf(browserPath === null)("the console with much data", () => {
  beforeAll(async () => {
    buildConsolePage();
    browser = await startBrowser();
    app = await startTestApp({
      agents: {
        coach: {
          name: "Coach",
          bot: { type: "echo" },
          events: [
            { on: "session_started", do: [{ action: "log" }] },
            { on: "user_message", do: [{ action: "log" }] },
          ],
        },
      },
      kinds: { gated: phone.definition },
      channels: { phone: { kind: "gated", agent: "coach" }, api: { kind: "api", agent: "coach" } },
    });
    pool = testPool(app.database.url);
  });

  afterAll(async () => {
    await browser?.close();
    await pool?.end();
    await app?.[Symbol.asyncDispose]();
  });

  it("opens a long conversation at its end, finds older words, and links to one message", async () => {
    const id = await longConversation();
    await using person = await newPerson(browser, WIDE);
    const page = await person.tab(`${app.url}/console`);
    await signInOn(page, app.apiKey);
    const calls: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes(`/chat/sessions/${id}/messages`)) calls.push(request.url());
    });
    await page.locator(`[data-session="${id}"]`).click();
    await log(page).getByText(`message number ${MESSAGES}`).waitFor();
    // The test counts calls, because a time would measure its database and not the page.
    expect(calls.length).toBeLessThan(FEW_CALLS);
    const isAtEnd = () =>
      page.evaluate<boolean>(
        `(() => { const pane = document.querySelector(".pane");
           return pane.scrollHeight - pane.scrollTop - pane.clientHeight < 48; })()`,
      );
    await eventually(async () => expect(await isAtEnd()).toBe(true));
    expect(await page.locator("article").count()).toBeLessThan(100);

    await page.keyboard.press("f");
    await page.keyboard.type("zeppelin");
    await page.getByText("1 message", { exact: true }).waitFor();
    await isSound(page, "finding words");
    await page.getByRole("list", { name: "Found messages" }).getByRole("link").press("Enter");
    const found = page.locator("article[aria-current=location]");
    await found.getByText("the very zeppelin").waitFor();
    expect(await page.evaluate("document.activeElement.ariaCurrent")).toBe("location");
    const address = page.url();
    expect(new URL(address).search).toBe("?at=1");
    await page.getByRole("button", { name: "Show later messages" }).press("Enter");
    await log(page).getByText("message number 60", { exact: true }).waitFor();
    await page.getByRole("link", { name: "To the newest" }).click();
    await log(page).getByText(`message number ${MESSAGES}`).waitFor();
    expect(page.url()).not.toContain("at=");

    // The link is enough to open the message in another tab.
    const other = await person.tab(address.replace("at=1", "at=2500"));
    await other.locator("article[aria-current=location]").getByText("message number 2500").waitFor();
    expect(await other.locator("article[aria-current=location]").isVisible()).toBe(true);
    await isSound(other, "a linked message");
    expect(person.offences).toEqual([]);
  });

  it("pages through changing rows, shows each row once, and saves filters as a view", async () => {
    await Promise.all(
      Array.from({ length: 90 }, (_, index) =>
        app.api("POST", "/chat/sessions", { agent_id: "coach", user: { identifier: `row-${index}` } }),
      ),
    );
    await using person = await newPerson(browser, WIDE);
    const page = await person.tab(`${app.url}/console?channel=api`);
    await signInOn(page, app.apiKey);
    const ids = () =>
      page.evaluate<string[]>(`[...document.querySelectorAll(".row")].map((row) => row.dataset.session)`);
    await eventually(async () => expect(await ids()).toHaveLength(40));
    const first = page.locator(".row").first();
    await first.focus();
    const focused = await first.getAttribute("data-session");
    for (let count = 0; count < 5; count++) {
      await app.api("POST", "/chat/sessions", { agent_id: "coach", user: { identifier: `late-${count}` } });
    }
    await page.getByRole("button", { name: /new or changed/ }).waitFor();
    expect(await page.evaluate<string>("document.activeElement.dataset.session")).toBe(focused);
    await page.getByRole("button", { name: "Show more" }).click();
    // The next page repeats rows that have moved.
    await eventually(async () => expect((await ids()).length).toBeGreaterThanOrEqual(75));
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByRole("button", { name: "Show more" }).waitFor({ state: "detached" });
    const all = await ids();
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(90);

    await page.getByRole("button", { name: "Save…" }).click();
    await isSound(page, "saving a view");
    await page.getByLabel("Name").fill("Over the API");
    await page.getByRole("button", { name: "Save", exact: true }).press("Enter");
    await page.getByRole("button", { name: "All", exact: true }).click();
    expect(new URL(page.url()).search).toBe("");
    await page.reload();
    await page.getByRole("button", { name: "Over the API" }).click();
    expect(new URL(page.url()).search).toBe("?channel=api");
    await page.getByRole("button", { name: "Forget this view" }).click();
    expect(await page.getByRole("button", { name: "Over the API" }).count()).toBe(0);
    expect(person.offences).toEqual([]);
  });

  it("updates ten tabs over one stream, and shows what each rule did in a conversation", async () => {
    await say("Ada", "hello");
    await using person = await newPerson(browser, WIDE);
    const streams: string[] = [];
    person.context.on("request", (request) => {
      if (request.url().endsWith("/api/v1/feed")) streams.push(request.url());
    });
    const page = await person.tab(`${app.url}/console?channel=phone`);
    await signInOn(page, app.apiKey);
    await row(page, "Ada").click();
    await log(page).getByText("You said: hello").waitFor();
    await eventually(() => expect(streams).toHaveLength(1));
    const tabs = [page];
    while (tabs.length < 10) tabs.push(await person.tab(page.url()));
    for (const tab of tabs) await log(tab).getByText("You said: hello").waitFor();
    await say("Ada", "to everybody");
    for (const tab of tabs) await log(tab).getByText("to everybody", { exact: true }).waitFor();
    expect(streams).toHaveLength(1);
    for (const tab of tabs.slice(1)) await tab.close();

    const rules = page.getByRole("region", { name: "Event rules" });
    await rules.getByRole("button", { name: /rules fired/ }).press("Enter");
    await rules.getByText("session_started").waitFor();
    await rules.getByText("rule 1 of version 1").first().waitFor();
    await isSound(page, "event rules");
    expect(person.offences).toEqual([]);
  });
});
