import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFaults } from "../support/accessibility.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { choose, composer, inside, reads, say, texts } from "../support/chat-page.ts";
import { eventually } from "../support/eventually.ts";
import { documentedSnippet, type HostSite, startHostSite } from "../support/host-page.ts";
import { createPacedBot } from "../support/paced-bot.ts";

const bot = createPacedBot();
let app: TestApp;
let browser: Browser;
let site: HostSite;

/** Sends an event with files or texts to the field, or to the element that `target` names. */
const give = (page: Page, kind: "paste" | "drop", target: string, texted: string, files: string[]) =>
  inside(
    page,
    `(() => {
      const data = new DataTransfer();
      if (${JSON.stringify(texted)}) data.setData("text/plain", ${JSON.stringify(texted)});
      for (const name of ${JSON.stringify(files)}) data.items.add(new File(["hello"], name, { type: "text/plain" }));
      const more = { bubbles: true, cancelable: true, composed: true };
      const event = ${JSON.stringify(kind)} === "paste"
        ? new ClipboardEvent("paste", { ...more, clipboardData: data })
        : new DragEvent("drop", { ...more, dataTransfer: data });
      root.querySelector(${JSON.stringify(target)}).dispatchEvent(event);
      return event.defaultPrevented;
    })()`,
  );
const tray = (page: Page) => page.locator(".tray .file-name").allInnerTexts();

describe.skipIf(browserPath === null)("a day with the web chat", () => {
  beforeAll(async () => {
    [browser, site] = await Promise.all([startBrowser(), startHostSite()]);
    app = await startTestApp({
      agents: {
        echo: { bot: { type: "echo" } },
        paced: { bot: { type: "paced" } },
        choices: {
          bot: {
            type: "script",
            sequence: [{ say: "Shall I?", buttons: [{ label: "Yes" }, { label: "No" }] }],
          },
        },
      },
      bots: { paced: bot.definition },
      channels: {
        web: { kind: "web", agent: "echo", allowedOrigins: [site.origin] },
        paced: { kind: "web", agent: "paced" },
        choices: { kind: "web", agent: "choices" },
      },
    });
    const snippet = documentedSnippet(app.url);
    site.pages.set("/", { html: `<body><h1>Shop</h1>${snippet}</body>` });
    site.pages.set("/other", { html: `<body><h1>Other</h1>${snippet}</body>` });
    site.pages.set("/dark", { html: `<style>:root { color-scheme: dark; }</style><body>${snippet}</body>` });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
    await site?.[Symbol.asyncDispose]();
  });

  test("pastes the text if there is one, and otherwise attaches the pictures", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/web`);
    await composer(page).waitFor();
    await page.locator(".attach").waitFor();
    expect(await give(page, "paste", "textarea", "Name\tDose", ["table.png"])).toBe(false);
    expect(await tray(page)).toEqual([]);
    expect(await give(page, "paste", "textarea", "", ["picture.txt"])).toBe(true);
    await eventually(async () => expect(await tray(page)).toEqual(["picture.txt"]));
  });

  test("attaches files dropped anywhere on the chat, and names the ones over the limit", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/web`);
    await page.locator(".attach").waitFor();
    const files = Array.from({ length: 12 }, (_, index) => `file-${index}.txt`);
    expect(await give(page, "drop", ".pane", "", ["photo_\u202egnp.txt", ...files.slice(1)])).toBe(true);
    await eventually(async () => expect(await tray(page)).toHaveLength(10));
    expect((await tray(page))[0]).toBe("photo_gnp.txt");
    const refusal = await page.locator(".refusals").textContent();
    expect(refusal).toContain("At most 10 files");
    expect(refusal).toContain("file-10.txt, file-11.txt");
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test("keeps all of a text that is too long, and says how much is too much", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/web`);
    await composer(page).fill("x".repeat(32_005));
    await composer(page).press("Enter");
    await page.getByText("too long, by 5 characters").waitFor();
    expect((await composer(page).inputValue()).length).toBe(32_005);
    expect(await texts(page)).toEqual([]);
    await composer(page).fill("short");
    await composer(page).press("Enter");
    await reads(page, ["short", "You said: short"]);
  });

  test("is open with its draft on the next page of the tab, and does not take the focus", async () => {
    await using person = await newPerson(browser, {}, [app.url]);
    const page = await person.tab(`${site.origin}/`);
    await page.getByRole("button", { name: /^Chat/ }).click();
    await say(page, "hello");
    await reads(page, ["hello", "You said: hello"]);
    await composer(page).fill("half a question");
    await page.goto(`${site.origin}/other`);
    await eventually(async () => expect(await composer(page).inputValue()).toBe("half a question"));
    await reads(page, ["hello", "You said: hello"]);
    expect(await page.evaluate("document.activeElement === document.body")).toBe(true);
    await page.getByRole("button", { name: "Close chat" }).click();
    await page.goto(`${site.origin}/`);
    await page.getByRole("button", { name: /^Chat/ }).waitFor();
    expect(await page.locator("causeway-chat").getAttribute("open")).toBeNull();
  });

  test.each(["turbo:render", "astro:after-swap"])(
    "stays with its draft when a router changes the page (%s)",
    async (changed) => {
      await using person = await newPerson(browser, {}, [app.url]);
      const page = await person.tab(`${site.origin}/`);
      await page.getByRole("button", { name: /^Chat/ }).click();
      await composer(page).fill("half a question");
      for (const html of ["<h1>New</h1>", '<h1>Cached</h1><causeway-chat channel="web"></causeway-chat>']) {
        await page.evaluate(`(() => {
          const body = document.createElement("body");
          body.innerHTML = ${JSON.stringify(html)};
          document.body.replaceWith(body);
          document.dispatchEvent(new Event(${JSON.stringify(changed)}));
        })()`);
        expect(await page.locator("causeway-chat").count()).toBe(1);
        expect(await composer(page).inputValue()).toBe("half a question");
      }
      await composer(page).press("Enter");
      await reads(page, ["half a question", "You said: half a question"]);
      await page.evaluate('document.querySelector("causeway-chat").destroy()');
      await page.evaluate(`document.dispatchEvent(new Event(${JSON.stringify(changed)}))`);
      expect(await page.locator("causeway-chat").count()).toBe(0);
    },
  );

  test("creates a new visitor after an erasure, and sends the typed message", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/web`);
    await say(page, "remember me");
    await reads(page, ["remember me", "You said: remember me"]);
    const { body } = await app.api("GET", "/chat/sessions?channel=web");
    await app.api("DELETE", `/users/${body.data[0].user_id}`);
    await say(page, "one");
    await reads(page, ["one", "You said: one"]);
    await say(page, "two");
    await reads(page, ["one", "You said: one", "two", "You said: two"]);
    expect(await page.locator(".hidden[aria-live]").textContent()).not.toContain("remember");
  });

  test("follows the page's dark or light colours, not the device's preference", async () => {
    for (const [path, colorScheme, surface] of [
      ["/", "dark", "rgb(255, 255, 255)"],
      ["/dark", "light", "rgb(23, 25, 29)"],
    ] as const) {
      await using person = await newPerson(browser, { colorScheme }, [app.url]);
      const page = await person.tab(`${site.origin}${path}`);
      await page.getByRole("button", { name: /^Chat/ }).click();
      await composer(page).waitFor();
      expect(await inside(page, "getComputedStyle(root.querySelector('.chat')).backgroundColor")).toBe(
        surface,
      );
    }
  });

  test("shows which choice was taken", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/choices`);
    await say(page, "hello");
    await page.getByRole("button", { name: "No", exact: true }).click();
    const chosen = page.locator('.choice[aria-pressed="true"]');
    await eventually(async () =>
      expect((await chosen.allInnerTexts()).map((label) => label.trim())).toEqual(["No"]),
    );
    await page.reload();
    await eventually(async () => expect(await chosen.count()).toBe(1));
  });

  test("waits for the end of a link, and survives a translator while an answer is written", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/paced`);
    await say(page, "go");
    const answer = await bot.asked("go");
    answer.write("First words, then [a li");
    await reads(page, ["First words, then"], ".assistant");
    expect(await page.locator(".assistant .body").getAttribute("translate")).toBe("no");
    await inside(
      page,
      `(() => {
        const walker = document.createTreeWalker(root.querySelector(".messages"), NodeFilter.SHOW_TEXT);
        const found = [];
        while (walker.nextNode()) found.push(walker.currentNode);
        for (const node of found) {
          const font = document.createElement("font");
          font.textContent = node.data.toUpperCase();
          node.replaceWith(font);
        }
      })()`,
    );
    answer.write("nk](https://example.org/a) and more.");
    await eventually(async () => expect((await texts(page, ".assistant"))[0]).toMatch(/ and more\.$/));
    answer.end();
    await page.locator(".assistant time").waitFor();
    expect((await texts(page, ".assistant"))[0]).toBe("First words, then a link (example.org) and more.");
    expect(await page.locator(".assistant .body").getAttribute("translate")).not.toBe("no");
  });

  test("has one menu, which closes with Escape and returns the focus", async () => {
    await using person = await newPerson(browser, { viewport: { width: 360, height: 740 } });
    const page = await person.tab(`${app.url}/chat/web`);
    await say(page, "first");
    await reads(page, ["first", "You said: first"]);
    await page.getByRole("button", { name: "Menu" }).click();
    expect(await page.locator(".menu li").allInnerTexts()).toEqual(["Chats", "New chat", "Start over"]);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await page.locator(".menu li").count()).toBe(0);
    expect(await inside(page, "root.activeElement.getAttribute('aria-label')")).toBe("Menu");
    await choose(page, "New chat");
    await reads(page, []);
  });
});
