import type { Browser, FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { composer, reads, say } from "../support/chat-page.ts";
import { eventually } from "../support/eventually.ts";
import { type HostSite, startHostSite } from "../support/host-page.ts";

let app: TestApp;
let browser: Browser;
let site: HostSite;
let abroad: string;

/** Features that browsers refuse to a frame on another site, and to users whose settings block site data. */
const REFUSED = {
  storage: `for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("Access is denied for this document.", "SecurityError"); } });`,
  locks: `LockManager.prototype.request = () => Promise.reject(new DOMException("Access to the Locks API is denied in this context.", "SecurityError"));`,
  "locks at once": `LockManager.prototype.request = () => { throw new DOMException("denied", "SecurityError"); };`,
  channels: `window.BroadcastChannel = class { constructor() { throw new DOMException("denied", "SecurityError"); } };`,
};

const talks = async (page: Page, text: string) => {
  await say(page, text);
  await reads(page, [text, `You said: ${text}`]);
  await say(page, "again");
  await reads(page, [text, `You said: ${text}`, "again", "You said: again"]);
};

const inFrame = async (frame: FrameLocator, text: string) => {
  const bodies = frame.locator(".message .body");
  const field = frame.getByRole("textbox", { name: "Your message" });
  await field.fill(text);
  await field.press("Enter");
  await eventually(async () =>
    expect((await bodies.allInnerTexts()).map((each) => each.trim())).toEqual([text, `You said: ${text}`]),
  );
};

describe.skipIf(browserPath === null)("the chat with few browser features", () => {
  beforeAll(async () => {
    [browser, site] = await Promise.all([startBrowser(), startHostSite()]);
    // This name is another site for browsers, because they compare names and ignore ports.
    abroad = site.origin.replace("127.0.0.1", "localhost");
    app = await startTestApp({
      channels: {
        web: { kind: "web", agent: "echo", allowedOrigins: [site.origin, abroad, "null"] },
        strict: { kind: "web", agent: "echo", allowedOrigins: [site.origin] },
      },
    });
    const frame = (more: string, channel = "web") =>
      `<body><iframe width="900" height="700" ${more} src="${app.url}/chat/${channel}"></iframe>`;
    site.pages.set("/framed", { html: frame("") });
    site.pages.set("/sandboxed", { html: frame('sandbox="allow-scripts allow-forms"') });
    site.pages.set("/unlisted", { html: frame('sandbox="allow-scripts allow-forms"', "strict") });
    const snippet = (channel: string) =>
      `<body><script type="module" src="${app.url}/widget/v1/loader.js" data-channel="${channel}"></script>`;
    site.pages.set("/stranger", { html: snippet("strict") });
    site.pages.set("/misspelt", { html: snippet("wbe") });
    site.pages.set("/", {
      html: `<body><script type="module" src="${app.url}/widget/v1/loader.js" data-channel="web"></script>`,
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
    await site?.[Symbol.asyncDispose]();
  });

  test.each([
    ["storage", [REFUSED.storage]],
    ["locks", [REFUSED.locks]],
    ["storage and locks", [REFUSED.storage, REFUSED.locks]],
    ["storage, locks and channels to other tabs", Object.values(REFUSED)],
    ["channels alone", [REFUSED.channels]],
  ])("works without %s, on its own page and on another site's page", async (_what, scripts) => {
    await using person = await newPerson(browser, {}, [app.url]);
    for (const content of scripts) await person.context.addInitScript({ content });
    await talks(await person.tab(`${app.url}/chat/web`), "on its own");
    const page = await person.tab(`${site.origin}/`);
    await page.getByRole("button", { name: "Chat" }).click();
    // In a browser that stores nothing, the other tab is another visitor.
    await page.getByRole("button", { name: "Menu" }).waitFor();
    await say(page, "as a guest");
    await eventually(async () =>
      expect(
        (await page.locator(".message .body").allInnerTexts()).map((each) => each.trim()).slice(-2),
      ).toEqual(["as a guest", "You said: as a guest"]),
    );
    expect(person.offences).toEqual([]);
  });

  test("works in a frame on another site", async () => {
    await using person = await newPerson(browser, {}, [app.url]);
    const page = await person.tab(`${abroad}/framed`);
    await inFrame(page.frameLocator("iframe"), "from abroad");
  });

  test("works in a sandboxed frame, if the channel lists sandboxed frames", async () => {
    await using person = await newPerson(browser, {}, [app.url]);
    const page = await person.tab(`${site.origin}/sandboxed`);
    await inFrame(page.frameLocator("iframe"), "from a box");
  });

  test("does not blame the server for a failure in the browser", async () => {
    await using person = await newPerson(browser);
    await person.context.addInitScript({
      content: `crypto.subtle; const parse = JSON.stringify; JSON.stringify = (value, ...more) => {
        if (value && value.client_message_id) throw new TypeError("an extension was here");
        return parse(value, ...more);
      };`,
    });
    const page = await person.tab(`${app.url}/chat/web`);
    await say(page, "hello");
    await page.getByText("Not sent.").waitFor();
    expect(await page.locator(".failed").textContent()).not.toMatch(/server|service/i);
    expect(await composer(page).isEditable()).toBe(true);
  });

  test.each([
    ["a site that is not listed", "/stranger", "allowedOrigins"],
    ["a page that misspells the channel", "/misspelt", 'no web channel "wbe"'],
    ["a sandboxed frame that is not listed", "/unlisted", "allow-same-origin"],
  ])(
    "on %s the visitor reads that there is no chat, and the console shows the fix once",
    async (_what, path, said) => {
      await using person = await newPerson(browser, {}, [app.url]);
      const errors: string[] = [];
      person.context.on("console", (message) => {
        if (message.type() === "error" && message.text().includes("causeway-chat"))
          errors.push(message.text());
      });
      const page = await person.tab(`${path === "/unlisted" ? site.origin : abroad}${path}`);
      const chat = path === "/unlisted" ? page.frameLocator("iframe") : page;
      if (path !== "/unlisted") await page.getByRole("button", { name: "Chat" }).click();
      await chat.getByRole("alert").getByText("This chat is not available on this page.").waitFor();
      const field = chat.getByRole("textbox", { name: "Your message" });
      await field.fill("let me in");
      await chat.getByRole("button", { name: "Send" }).click();
      await chat.getByText("Not sent. This chat is not available on this page.").waitFor();
      expect(await chat.getByText(/connection/i).count()).toBe(0);
      expect(errors).toEqual([expect.stringContaining(said)]);
    },
  );

  test("the chat works once the site is listed and the message is sent again", async () => {
    await using person = await newPerson(browser, {}, [app.url]);
    let isListed = false;
    await person.context.route(`${app.url}/web/**`, (route) =>
      isListed
        ? route.continue({ headers: { ...route.request().headers(), origin: site.origin } })
        : route.fulfill({
            status: 403,
            headers: { "access-control-allow-origin": "*" },
            json: { error: { code: "origin_not_allowed", message: "no" } },
          }),
    );
    const page = await person.tab(`${site.origin}/`);
    await page.getByRole("button", { name: "Chat" }).click();
    await page.getByText("This chat is not available on this page.").waitFor();
    await say(page, "hello");
    await page.getByText("Not sent.").waitFor();
    isListed = true;
    await page.getByRole("button", { name: "Try again" }).click();
    await reads(page, ["hello", "You said: hello"]);
    expect(await page.getByText("This chat is not available on this page.").count()).toBe(0);
  });
});
