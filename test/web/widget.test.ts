import { createHmac } from "node:crypto";
import type { Browser, Page, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFaults } from "../support/accessibility.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { choose, composer, say, texts } from "../support/chat-page.ts";
import { eventually } from "../support/eventually.ts";
import { documentedSnippet, type HostSite, startHostSite, strictPolicy } from "../support/host-page.ts";
import { createPacedBot } from "../support/paced-bot.ts";

const SECRET = "identity-secret-0123456789abcdef";
const SEED = "Greet the visitor.";
const bot = createPacedBot();
let app: TestApp;
let browser: Browser;
let site: HostSite;
let url: string;

const launcher = (page: Page) => page.getByRole("button", { name: /^Chat/ });
/** Calls a method of the element, as a page's own script would. */
const tell = (page: Page, method: string, ...given: unknown[]) =>
  page.evaluate(`document.querySelector("causeway-chat").${method}(...${JSON.stringify(given)})`);

/** The accessible name of the focused element, inside the chat element too. */
const focused = (page: Page) =>
  page.evaluate(`(() => {
    const { activeElement } = document;
    return (activeElement?.shadowRoot?.activeElement ?? activeElement)?.getAttribute("aria-label");
  })()`);

function identityToken(sub: string, expiresIn = 600, secret = SECRET): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub, aud: "web", exp: Math.floor(Date.now() / 1000) + expiresIn };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

describe.skipIf(browserPath === null)("the chat on another site's page", () => {
  beforeAll(async () => {
    [browser, site] = await Promise.all([startBrowser(), startHostSite()]);
    app = await startTestApp({
      agents: {
        echo: {
          bot: { type: "echo" },
          seedMessage: SEED,
          events: [{ on: "session_ended", do: [{ action: "log" }] }],
        },
        paced: { bot: { type: "paced" } },
      },
      bots: { paced: bot.definition },
      channels: {
        web: { kind: "web", agent: "echo", allowedOrigins: [site.origin], identitySecret: SECRET },
        paced: { kind: "web", agent: "paced", allowedOrigins: [site.origin] },
        closed: { kind: "web", agent: "echo" },
      },
    });
    url = app.url;
    const snippet = documentedSnippet(url);
    site.pages.set("/", {
      html: `<body><main><h1>Shop</h1></main>${snippet}</body>`,
      policy: strictPolicy(url),
    });
    site.pages.set("/tab", {
      html: `<body>${snippet.replace("data-channel", 'data-persist="session" data-channel')}</body>`,
    });
    site.pages.set("/closed", { html: `<body>${snippet.replace('"web"', '"closed"')}</body>` });
    site.pages.set("/hostile", {
      html: `<style>* { all: unset !important; } div, causeway-chat { display: none !important; font: 40px serif !important; }</style>
        <script>Array.prototype.toJSON = function () { return "patched"; };</script>
        <body>${snippet}${snippet.replace("loader.js", "loader.js?again")}</body>`,
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
    await site?.[Symbol.asyncDispose]();
  });

  test("loads one file before it is opened, and works under the strictest content policy", async () => {
    await using person = await newPerson(browser, {}, [url]);
    const asked: string[] = [];
    person.context.on("request", (request) => {
      if (request.url().startsWith(url)) asked.push(request.url());
    });
    const page = await person.tab(`${site.origin}/`);
    await launcher(page).waitFor();
    expect(asked).toEqual([`${url}/widget/v1/loader.js`]);
    expect(await accessibilityFaults(page)).toEqual([]);

    await launcher(page).click();
    await say(page, "hello");
    await eventually(async () => expect(await texts(page)).toEqual(["hello", "You said: hello"]));
    expect(await accessibilityFaults(page)).toEqual([]);

    await choose(page, "Start over");
    const prompt = page.getByRole("textbox", { name: /begin with/ });
    expect(await prompt.inputValue()).toBe(SEED);
    expect(await page.getByRole("checkbox").isChecked()).toBe(true);
    expect(await accessibilityFaults(page)).toEqual([]);
    await prompt.fill("");
    await page.locator("dialog").getByRole("button", { name: "Start over" }).click();
    expect(await page.locator("dialog textarea:invalid").count()).toBe(1);
    await prompt.fill("Say hi.");
    await page.locator("dialog").getByRole("button", { name: "Start over" }).dblclick();
    await eventually(async () => expect(await texts(page)).toEqual(["You said: Say hi."]));
    const { body } = await app.api("GET", "/chat/sessions?channel=web");
    const [opened, ended] = body.data;
    expect([opened.status, ended.status, ended.end_reason]).toEqual(["active", "completed", "user_reset"]);
    expect((await app.api("GET", `/chat/sessions/${ended.id}/events`)).body.data).toHaveLength(1);
    expect(person.offences).toEqual([]);
  });

  test("starts over without an event if the visitor chooses so, and does nothing on Escape", async () => {
    await using person = await newPerson(browser, {}, [url]);
    const page = await person.tab(`${site.origin}/`);
    await launcher(page).click();
    await say(page, "no events");
    await eventually(async () => expect(await texts(page)).toHaveLength(2));
    await choose(page, "Start over");
    await page.getByRole("checkbox").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("checkbox").waitFor({ state: "hidden" });
    expect(await focused(page)).toBe("Menu");
    await choose(page, "Start over");
    await page.getByRole("checkbox").uncheck();
    await page.locator("dialog").getByRole("button", { name: "Start over" }).click();
    await eventually(async () => expect(await texts(page)).toEqual([`You said: ${SEED}`]));
    const { body } = await app.api("GET", "/chat/sessions?channel=web&status=completed");
    const [ended] = body.data;
    expect((await app.api("GET", `/chat/sessions/${ended.id}/events`)).body.data).toEqual([]);
    // Another Escape closes the panel, and the launcher has the focus again.
    await composer(page).press("Escape");
    await eventually(async () => expect(await focused(page)).toBe("Chat"));
  });

  test("gives each tab a visitor of its own where the page asks for that", async () => {
    await using person = await newPerson(browser, {}, [url]);
    const tabs = await Promise.all([person.tab(`${site.origin}/tab`), person.tab(`${site.origin}/tab`)]);
    for (const [n, tab] of tabs.entries()) {
      await launcher(tab).click();
      await say(tab, `in tab ${n}`);
      await eventually(async () =>
        expect(await texts(tab)).toEqual([`in tab ${n}`, `You said: in tab ${n}`]),
      );
    }
    const { body } = await app.api("GET", "/chat/sessions?channel=web");
    const opened = body.data.filter(({ title }: { title: string | null }) => title?.startsWith("in tab"));
    expect(new Set(opened.map(({ user_id: user }: { user_id: string }) => user)).size).toBe(2);
  });

  test("is refused on an unlisted site", async () => {
    await using person = await newPerson(browser, {}, [url]);
    const page = await person.tab(`${site.origin}/closed`);
    await launcher(page).click();
    await say(page, "let me in");
    await page.getByText("Not sent. This chat is not available on this page.").waitFor();
    expect((await app.api("GET", "/chat/sessions?channel=closed")).body.data).toEqual([]);
  });

  test("survives a hostile page, opens once, and keeps its messages when it is moved", async () => {
    await using person = await newPerson(browser, {}, [url]);
    const page = await person.tab(`${site.origin}/hostile`);
    await launcher(page).click();
    expect(await page.locator("causeway-chat").count()).toBe(1);
    await say(page, "stay");
    await eventually(async () => expect(await texts(page)).toEqual(["stay", "You said: stay"]));
    const box = await page.locator("causeway-chat [part~=panel]").boundingBox();
    expect([box?.width, (box?.height ?? 0) > 400]).toEqual([398, true]);
    await page.evaluate("document.body.append(document.querySelector('causeway-chat'))");
    expect(await texts(page)).toEqual(["stay", "You said: stay"]);
    await say(page, "still");
    await eventually(async () => expect(await texts(page)).toHaveLength(4));
  });

  test("recognises identified visitors on every device, and forgets them when they sign out", async () => {
    await using phone = await newPerson(browser, {}, [url]);
    await using laptop = await newPerson(browser, {}, [url]);
    const page = await phone.tab(`${site.origin}/`);
    await tell(page, "identify", identityToken("ada"));
    await tell(page, "open");
    await say(page, "a secret plan");
    await eventually(async () => expect(await texts(page)).toHaveLength(2));
    const other = await laptop.tab(`${site.origin}/`);
    for (const bad of [
      identityToken("ada", 600, "another-secret-0123456789abcdef"),
      identityToken("ada", -5),
    ]) {
      await expect(tell(other, "identify", bad)).rejects.toThrow(/identity token/);
    }
    await tell(other, "open");
    expect(await texts(other)).toEqual([]);
    await tell(other, "identify", identityToken("ada"));
    await choose(other, "Chats");
    await other.getByRole("navigation").getByRole("button", { name: "a secret plan" }).click();
    await eventually(async () => expect(await texts(other)).toHaveLength(2));

    const stored = () => page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])");
    expect(await stored()).toContain("cwi_");
    expect(await stored()).not.toContain("secret plan");
    await tell(page, "logout");
    expect(await stored()).toBe("[{},{}]");
    expect(await texts(page)).toEqual([]);
    await say(page, "somebody else");
    await eventually(async () =>
      expect(await texts(page)).toEqual(["somebody else", "You said: somebody else"]),
    );
  });

  test("counts new messages on every device while it is closed, until one device shows them", async () => {
    await using phone = await newPerson(browser, {}, [url]);
    await using laptop = await newPerson(browser, {}, [url]);
    const page = await phone.tab(`${site.origin}/`);
    const other = await laptop.tab(`${site.origin}/`);
    for (const tab of [page, other]) await tell(tab, "identify", identityToken("bob"));
    await app.api("POST", "/trigger_bot_message", {
      agent_id: "echo",
      channel: "web",
      identifier: "id:bob",
      message_text: "Time to walk.",
    });
    for (const tab of [page, other]) await tab.getByRole("button", { name: "Chat (1)" }).waitFor();
    await launcher(page).click();
    await choose(page, "Chats, unread: 1");
    await page
      .getByRole("navigation")
      .getByRole("button", { name: /unread: 1/ })
      .click();
    await eventually(async () => expect(await texts(page)).toEqual(["Time to walk."]));
    await other.getByRole("button", { name: "Chat", exact: true }).waitFor();
  });

  test("uses one stream for all tabs of a visitor, even if any tab closes", async () => {
    await using person = await newPerson(browser, {}, [url]);
    const streaming = new Set<Request>();
    const isStream = (request: Request) => request.url().includes("/web/web/events");
    person.context.on("request", (request) => {
      if (isStream(request)) streaming.add(request);
    });
    person.context.on("requestfinished", (request) => void streaming.delete(request));
    person.context.on("requestfailed", (request) => void streaming.delete(request));
    const streams = () => [...streaming].filter((request) => !request.frame().page().isClosed()).length;
    const first = await person.tab(`${url}/chat/web`);
    await say(first, "one");
    await eventually(async () => expect(await texts(first)).toHaveLength(2));
    const tabs = [];
    for (let n = 0; n < 7; n++) tabs.push(await person.tab(`${url}/chat/web`));
    for (const tab of tabs) await eventually(async () => expect(await texts(tab)).toHaveLength(2));
    await eventually(() => expect(streams()).toBe(1));
    await first.close();
    const [second, third] = tabs;
    if (!second || !third) throw new Error("there are no other tabs");
    await say(third, "two");
    for (const tab of tabs) {
      await eventually(async () =>
        expect(await texts(tab)).toEqual(["one", "You said: one", "two", "You said: two"]),
      );
    }
    await eventually(() => expect(streams()).toBe(1));
  });
});
