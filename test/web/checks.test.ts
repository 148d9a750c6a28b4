import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFaults } from "../support/accessibility.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { startCable } from "../support/cable.ts";
import { bubbles, choose, composer, inside, reads, say, texts } from "../support/chat-page.ts";
import { eventually } from "../support/eventually.ts";
import { HOSTILE_TEXTS } from "../support/hostile-texts.ts";
import { createPacedBot } from "../support/paced-bot.ts";

const LOCALES = ["ar", "de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt", "sw", "zh"];
const bot = createPacedBot();
let app: TestApp;
let browser: Browser;

const RICH = [
  "Some **words**, `code`, and a [link](https://example.org/x).",
  "",
  "| Day | Hour |",
  "| --- | --- |",
  "| Mon | 22:00 |",
  "",
  "```ts",
  "const a = 1;",
  "```",
].join("\n");

describe.skipIf(browserPath === null)("the chat", () => {
  beforeAll(async () => {
    browser = await startBrowser();
    app = await startTestApp({
      agents: {
        echo: { bot: { type: "echo" } },
        paced: { bot: { type: "paced" } },
        script: {
          bot: {
            type: "script",
            replies: [
              { match: "rich", say: RICH, buttons: [{ label: "Yes", payload: "y" }, { label: "No" }] },
              { match: "yes", say: "Good." },
            ],
            sequence: [{ say: "Hm." }],
          },
        },
      },
      bots: { paced: bot.definition },
      channels: {
        web: { kind: "web", agent: "echo" },
        paced: { kind: "web", agent: "paced" },
        script: { kind: "web", agent: "script", greeting: "Hello", starters: ["Something rich"] },
      },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
  });

  test("redraws little of a long answer while it grows, keeps the selection, and announces it once", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/paced`);
    await say(page, "long");
    const answer = await bot.asked("long");
    // With an announced log, screen readers would repeat the answer at every word.
    expect(await page.getByRole("log", { name: "Messages" }).getAttribute("aria-live")).toBe("off");
    answer.write("The first words of it");
    await eventually(async () => expect(await texts(page, ".assistant")).toEqual(["The first words of it"]));
    await inside(
      page,
      `(() => {
        window.removed = 0;
        window.spoken = [];
        new MutationObserver((all) => { for (const one of all) window.removed += one.removedNodes.length; })
          .observe(root.querySelector(".messages"), { childList: true, subtree: true });
        const live = root.querySelector("[aria-live=polite]");
        new MutationObserver(() => window.spoken.push(live.textContent))
          .observe(live, { childList: true, subtree: true, characterData: true });
        const text = document.createTreeWalker(root.querySelector(".assistant .body"), NodeFilter.SHOW_TEXT).nextNode();
        getSelection().setBaseAndExtent(text, 4, text, 15);
      })()`,
    );
    const paragraph = `${"and so it goes on, with **more** and `code` ".repeat(8)}\n\n- one\n- two\n\n`;
    const whole = paragraph.repeat(40);
    for (let at = 0; at < whole.length; at += 60) answer.write(whole.slice(at, at + 60));
    answer.end();
    await page.getByRole("article", { name: /^paced, / }).waitFor();
    expect(await bubbles(page, ".assistant").locator("li").count()).toBe(80);
    expect(await page.evaluate("getSelection().toString()")).toBe("first words");
    expect(await page.evaluate("window.removed")).toBeLessThan(200);
    const spoken = await page.evaluate<string[]>("window.spoken.filter(Boolean)");
    expect(spoken).toHaveLength(1);
    expect(spoken[0]).toContain("paced: The first words of it");
    expect(spoken[0]).not.toMatch(/[*`]/);
  });

  test("assembles an answer completely, even if the connection breaks often", async () => {
    await using cable = await startCable(app.url);
    await using person = await newPerson(browser);
    const page = await person.tab(`${cable.url}/chat/paced`);
    await say(page, "cuts");
    const answer = await bot.asked("cuts");
    let whole = "";
    for (let part = 1; part <= 5; part += 1) {
      whole = `${whole} part ${part}`.trim();
      answer.write(part === 1 ? "part 1" : ` part ${part}`);
      await reads(page, [whole], ".assistant");
      cable.cut();
    }
    answer.end();
    await eventually(async () => expect(await page.locator(".assistant time").count()).toBe(1));
    await reads(page, ["cuts", whole]);
    expect(bot.count("cuts")).toBe(1);
  });

  test("explains a failed message, retries by keyboard, deletes it, and keeps a stopped answer", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/paced`);
    let broken = true;
    await person.context.route("**/messages", (route) =>
      broken && route.request().method() === "POST"
        ? route.fulfill({ status: 422, json: { error: { code: "x", message: "Not like this." } } })
        : route.continue(),
    );
    await say(page, "again");
    await page.getByText("Not sent. Not like this.").waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await say(page, "never");
    broken = false;
    await page.getByRole("button", { name: "Try again" }).focus();
    await page.keyboard.press("Enter");
    const answer = await bot.asked("again");
    answer.write("Half of it");
    await reads(page, ["again", "never", "Half of it"]);
    await page.getByRole("button", { name: "Stop answering" }).press("Enter");
    await eventually(async () => expect(await page.getByText("Stopped").count()).toBeGreaterThan(0));
    await page.reload();
    await reads(page, ["again", "Half of it", "never"]);
    await page.getByText("Stopped").waitFor();
    broken = true;
    await say(page, "take back");
    await page.getByText("Not sent.").waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await eventually(async () => expect(await texts(page)).not.toContain("take back"));
  });

  test("keeps chats and their drafts separate, and continues in a new chat after one ended", async () => {
    await using person = await newPerson(browser);
    const [left, right] = await Promise.all([
      person.tab(`${app.url}/chat/web`),
      person.tab(`${app.url}/chat/web`),
    ]);
    // The second tab opens before the first message; later it would show that chat.
    for (const tab of [left, right]) await composer(tab).waitFor();
    // Two tabs of a new visitor. In any order both become one visitor, and neither loses its message.
    await Promise.all([say(left, "on the left"), say(right, "on the right")]);
    await reads(left, ["on the left", "You said: on the left"]);
    await reads(right, ["on the right", "You said: on the right"]);
    for (const tab of [left, right]) {
      const chats = tab.getByRole("navigation").getByRole("listitem");
      await eventually(async () => expect(await chats.count()).toBe(2));
    }
    await composer(right).fill("half a thought");
    await right.getByRole("navigation").getByRole("button", { name: "on the left" }).click();
    await reads(right, ["on the left", "You said: on the left"]);
    expect(await composer(right).inputValue()).toBe("");
    await right.getByRole("navigation").getByRole("button", { name: "on the right" }).click();
    await eventually(async () => expect(await composer(right).inputValue()).toBe("half a thought"));

    const { body } = await app.api("GET", "/chat/sessions?channel=web&status=active");
    const session = body.data.find(({ title }: { title: string }) => title === "on the right");
    await app.api("POST", `/chat/sessions/${session.id}/end`, {});
    await right.getByText("This chat has ended").waitFor();
    expect(await composer(right).inputValue()).toBe("half a thought");
    await composer(right).press("Enter");
    await reads(right, ["half a thought", "You said: half a thought"]);
  });

  test("makes two tabs one visitor, even if each tab sees the other's storage late", async () => {
    await using person = await newPerson(browser);
    await person.context.addInitScript({ content: STORAGE_SEEN_LATE });
    const [left, right] = await Promise.all([
      person.tab(`${app.url}/chat/web`),
      person.tab(`${app.url}/chat/web`),
    ]);
    for (const tab of [left, right]) await composer(tab).waitFor();
    await Promise.all([say(left, "on the left"), say(right, "on the right")]);
    await reads(left, ["on the left", "You said: on the left"]);
    await reads(right, ["on the right", "You said: on the right"]);
    for (const tab of [left, right]) {
      const chats = tab.getByRole("navigation").getByRole("listitem");
      await eventually(async () => expect(await chats.count()).toBe(2));
    }
  });

  test("returns to the reading position in one chat, and to the end of another", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/web`);
    const pane = (script: string) => inside<number>(page, `root.querySelector(".pane").${script}`);
    const toEnd = () =>
      pane("scrollHeight - root.querySelector('.pane').scrollTop - root.querySelector('.pane').clientHeight");
    const chat = (name: string) => page.getByRole("navigation").getByRole("button", { name });
    for (const name of ["first", "second"]) {
      if (name === "second") await page.getByRole("button", { name: "New chat" }).first().click();
      await say(page, `${name}${"\n\nline".repeat(60)}`);
      await eventually(async () => expect((await texts(page)).at(-1)).toMatch(`You said: ${name}`));
    }
    await pane("scrollTo(0, 300)");
    await eventually(async () => expect(await pane("scrollTop")).toBe(300));
    await chat("first").click();
    await eventually(async () => expect((await texts(page)).at(-1)).toMatch("You said: first"));
    await eventually(async () => expect(await toEnd()).toBeLessThan(2));
    await chat("second").click();
    await eventually(async () => expect((await texts(page)).at(-1)).toMatch("You said: second"));
    await eventually(async () => expect(await pane("scrollTop")).toBe(300));

    const { body } = await app.api("GET", "/chat/sessions?channel=web&status=active");
    const session = body.data.find(({ title }: { title: string }) => title.startsWith("second"));
    await app.api("POST", `/chat/sessions/${session.id}/handoff`, {});
    await app.api("POST", `/chat/sessions/${session.id}/handoff/reply`, { content: "A person is here." });
    await eventually(async () => expect(await page.title()).toMatch(/^\(\d\)/));
    await page.getByRole("button", { name: "New messages" }).click();
    await eventually(async () => expect(await page.title()).not.toMatch(/^\(/));
  });

  test("shows hostile text as plain text in every place, and makes no request because of it", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/paced`);
    expect(HOSTILE_TEXTS.length).toBeGreaterThanOrEqual(100);
    const all = HOSTILE_TEXTS.join("\n\n");
    await say(page, `${HOSTILE_TEXTS[0]} ${all}`);
    const answer = await bot.asked(`${HOSTILE_TEXTS[0]} ${all}`);
    for (const letter of all) answer.write(letter);
    answer.end();
    await eventually(async () => expect(await page.locator(".assistant time").count()).toBe(1));
    const found = await inside<string[]>(
      page,
      `[...root.querySelectorAll(".message *, nav *")].flatMap((node) => [
        ...(["script", "img", "iframe", "style", "link", "form", "input", "video", "object"].includes(node.localName) ? [node.localName] : []),
        ...[...node.attributes].filter(({ name }) => name.startsWith("on") || name === "style" || name === "name" || (name === "id" && node.localName !== "nav")).map(({ name, value }) => name + "=" + value),
        ...(node.localName === "a" && !/^(https?|mailto|tel):/.test(node.href) ? [node.href] : []),
      ])`,
    );
    expect(found).toEqual([]);
    expect(person.offences).toEqual([]);
  });

  test("has no accessibility faults in light and dark, and can be used with the keyboard alone", async () => {
    await using person = await newPerson(browser, { viewport: { width: 420, height: 720 } });
    const page = await person.tab(`${app.url}/chat/script`);
    const isSound = async (state: string) => {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        expect([state, colorScheme, await accessibilityFaults(page)]).toEqual([state, colorScheme, []]);
      }
    };
    await page.getByRole("button", { name: "Something rich" }).waitFor();
    await isSound("empty");
    await page.getByRole("button", { name: "Something rich" }).press("Enter");
    await page.getByRole("button", { name: "Yes" }).waitFor();
    await isSound("an answer with everything");
    await page.getByRole("group", { name: "Code: ts" }).focus();
    await page.getByRole("button", { name: "Copy" }).press("Enter");
    await page.getByRole("button", { name: "Copied" }).waitFor();
    await page.getByRole("button", { name: "Yes" }).press("Enter");
    await eventually(async () => expect((await texts(page)).slice(-2)).toEqual(["Yes", "Good."]));
    expect(await page.getByRole("button", { name: "No", exact: true }).isDisabled()).toBe(true);
    const { body } = await app.api("GET", "/chat/sessions?channel=script");
    const messages = (await app.api("GET", `/chat/sessions/${body.data[0].id}/messages`)).body.data;
    expect(messages[2]).toMatchObject({ content: "Yes", payload: "y" });

    await choose(page, "Chats");
    await page.getByRole("navigation", { name: "Your chats" }).waitFor();
    await isSound("the list of chats");
    await page.keyboard.press("Escape");
    await page.getByRole("navigation", { name: "Your chats" }).waitFor({ state: "hidden" });
    await choose(page, "Start over");
    await page.getByRole("dialog").waitFor();
    await isSound("the reset dialog");
    await page.keyboard.press("Escape");

    // Every element that Tab reaches is visible and not covered.
    await composer(page).focus();
    for (let stop = 0; stop < 12; stop += 1) {
      await page.keyboard.press("Shift+Tab");
      const hidden = await inside<string | null>(
        page,
        `(() => {
          const node = root.activeElement;
          if (!node) return null;
          const { top, bottom, width } = node.getBoundingClientRect();
          const isSeen = width > 0 && bottom > 0 && top < innerHeight && getComputedStyle(node).outlineStyle !== "none";
          return isSeen || node.localName === "textarea" ? null : node.outerHTML;
        })()`,
      );
      expect(hidden).toBeNull();
    }
    expect(await inside(page, "root.getAnimations().length")).toBe(0);
  });

  test("mirrors its layout for Arabic, keeps each text's direction, and fits on 320 pixels in every language", async () => {
    await using person = await newPerson(browser, { viewport: { width: 320, height: 380 }, locale: "ar" });
    const page = await person.tab(`${app.url}/chat/script`);
    const field = page.getByRole("textbox", { name: "رسالتك" });
    await field.waitFor();
    expect(await page.evaluate("document.documentElement.lang")).toBe("ar");
    const send = await page.getByRole("button", { name: "إرسال" }).boundingBox();
    expect(send?.x).toBeLessThan(60);
    await field.fill("Latin text");
    await field.press("Enter");
    await eventually(async () => expect(await texts(page)).toHaveLength(2));
    expect(await inside(page, "getComputedStyle(root.querySelector('.user .body')).direction")).toBe("ltr");
    for (const locale of LOCALES) {
      await page.evaluate(`document.querySelector("causeway-chat").setAttribute("locale", "${locale}")`);
      await eventually(async () =>
        expect(await inside(page, "root.querySelector('.chat').lang")).toBe(locale),
      );
      expect(await inside(page, "root.querySelector('.chat').scrollWidth")).toBeLessThanOrEqual(320);
      expect(
        await inside(page, "root.querySelector('.composer').getBoundingClientRect().bottom"),
      ).toBeLessThanOrEqual(380);
    }
    await page.emulateMedia({ forcedColors: "active" });
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test("sends on Enter only complete text: not during composition, not on a touch keyboard", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/web`);
    // The Enter key of an on-screen keyboard shows its function.
    expect(await composer(page).getAttribute("enterkeyhint")).toBe("send");
    await composer(page).fill("にほん");
    const press = (more: string) =>
      inside(
        page,
        `root.querySelector("textarea").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ${more} }))`,
      );
    await press("isComposing: true");
    await press("keyCode: 229");
    await composer(page).press("Shift+Enter");
    expect(await composer(page).inputValue()).toBe("にほん\n");
    await press("");
    await reads(page, ["にほん", "You said: にほん"]);
    await using touching = await newPerson(browser, { hasTouch: true, isMobile: true });
    const phone = await touching.tab(`${app.url}/chat/web`);
    expect(await composer(phone).getAttribute("enterkeyhint")).toBe("enter");
    await composer(phone).fill("one");
    await composer(phone).press("Enter");
    expect(await composer(phone).inputValue()).toBe("one\n");
  });

  test("accepts files from the picker and the clipboard, explains refusals, and never runs a file", async () => {
    await using person = await newPerson(browser);
    const page = await person.tab(`${app.url}/chat/web`);
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
      "base64",
    );
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    const picker = page.locator("input[type=file]");
    await picker.setInputFiles({
      name: "run.exe",
      mimeType: "application/x-msdownload",
      buffer: Buffer.from("MZ\0\0"),
    });
    await page.getByRole("alert").getByText("run.exe could not be attached").waitFor();
    await picker.setInputFiles([
      { name: "dot.png", mimeType: "image/png", buffer: png },
      { name: "bad.svg", mimeType: "image/svg+xml", buffer: svg },
      { name: "unwanted.png", mimeType: "image/png", buffer: png },
    ]);
    await page.getByRole("button", { name: "Remove unwanted.png" }).click();
    await eventually(async () => expect(await page.locator(".tray progress").count()).toBe(0));
    await inside(
      page,
      `(() => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array([${[...png].join(",")}])], "pasted.png", { type: "image/png" }));
        root.querySelector("textarea").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
      })()`,
    );
    await page.getByRole("button", { name: "Remove pasted.png" }).waitFor();
    await eventually(async () => expect(await page.locator(".tray progress").count()).toBe(0));
    await say(page, "look");
    await page.getByRole("img", { name: "dot.png" }).waitFor();
    await page.getByRole("img", { name: "pasted.png" }).waitFor();
    const download = page.getByRole("button", { name: "bad.svg" });
    await download.waitFor();
    expect(await page.locator(".message img").count()).toBe(2);
    const [saved] = await Promise.all([page.waitForEvent("download"), download.click()]);
    expect(saved.suggestedFilename()).toBe("bad.svg");
    await page.reload();
    await page.getByRole("img", { name: "dot.png" }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(person.offences).toEqual([]);
  });
});

/** Runs in a page before its own scripts: stored data of other tabs appears two seconds later. */
const STORAGE_SEEN_LATE = `(() => {
  const lasting = localStorage;
  const { getItem, setItem, removeItem } = Storage.prototype;
  const seen = new Map(Object.keys(lasting).map((key) => [key, getItem.call(lasting, key)]));
  addEventListener("storage", ({ key, newValue }) => setTimeout(() => seen.set(key, newValue), 2_000));
  Storage.prototype.getItem = function (key) {
    return this === lasting ? (seen.get(key) ?? null) : getItem.call(this, key);
  };
  Storage.prototype.setItem = function (key, value) {
    if (this === lasting) seen.set(key, value);
    setItem.call(this, key, value);
  };
  Storage.prototype.removeItem = function (key) {
    if (this === lasting) seen.delete(key);
    removeItem.call(this, key);
  };
})()`;
