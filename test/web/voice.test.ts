import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { buildConsolePage, buildPage } from "../support/build-page.ts";
import { composer, reads } from "../support/chat-page.ts";
import { signInOn } from "../support/console-page.ts";
import { eventually } from "../support/eventually.ts";
import { type SpeechServer, startSpeechServer } from "../support/speech-server.ts";

let app: TestApp;
let browser: Browser;
let speech: SpeechServer;

/** A microphone that records a tone, or fails as the test says. */
const MICROPHONE = `navigator.mediaDevices.getUserMedia = async () => {
  if (window.fault) throw new DOMException("no", window.fault);
  const context = new AudioContext();
  const tone = context.createOscillator();
  const heard = context.createMediaStreamDestination();
  tone.connect(heard);
  tone.start();
  return heard.stream;
};`;

const button = (page: Page, name: string) => page.getByRole("button", { name });

describe.skipIf(browserPath === null)("a voice message of a visitor", () => {
  beforeAll(async () => {
    buildPage();
    buildConsolePage();
    [browser, speech] = await Promise.all([startBrowser(), startSpeechServer()]);
    const listen = { baseUrl: speech.baseUrl, model: "whisper-1" };
    const echo = { type: "echo" };
    app = await startTestApp({
      agents: {
        coach: { bot: echo, speech: { listen } },
        brief: { bot: echo, speech: { listen: { ...listen, maxSeconds: 1 } } },
        deaf: { bot: echo },
      },
      channels: {
        web: { kind: "web", agent: "coach" },
        brief: { kind: "web", agent: "brief" },
        deaf: { kind: "web", agent: "deaf" },
      },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
    await speech?.[Symbol.asyncDispose]();
  });

  test("is recorded on the page; its transcript then appears there and in the console", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    speech.instead(async () => {
      await held;
      return { body: { text: "I feel fine", language: "english", duration: 1 } };
    });
    await using person = await newPerson(browser);
    await person.context.addInitScript(MICROPHONE);
    const page = await person.tab(`${app.url}/chat/web`);
    await composer(page).waitFor();
    for (const [fault, words] of [
      ["NotAllowedError", "The microphone may not be used here."],
      ["NotFoundError", "No microphone was found."],
      ["NotReadableError", "The microphone could not be used."],
    ] as const) {
      await page.evaluate(`window.fault = "${fault}"`);
      await button(page, "Record a voice message").click();
      await page.getByRole("alert").getByText(words).waitFor();
    }
    await page.evaluate("window.fault = null");
    await button(page, "Record a voice message").press("Enter");
    await page.getByRole("timer").getByText("0:01").waitFor();
    expect(await page.getByText("The microphone could not be used.").count()).toBe(0);
    await button(page, "Discard the recording").click();
    await button(page, "Record a voice message").click();
    await page.getByRole("timer").getByText("0:01").waitFor();
    await button(page, "Attach the voice message").click();
    const tray = page.getByRole("list", { name: "Attached files" });
    await tray.getByText("Voice message.webm").waitFor();
    await eventually(async () => expect(await tray.getByRole("progressbar").count()).toBe(0));
    await composer(page).press("Enter");
    await eventually(() => expect(speech.heard).toHaveLength(1));
    expect(speech.heard[0]?.fileName).toMatch(/\.webm$/);

    const { body: sessions } = await app.api("GET", "/chat/sessions");
    await using operator = await newPerson(browser, { viewport: { width: 1280, height: 800 } });
    const console = await operator.tab(`${app.url}/console/conversations/${sessions.data[0].id}`);
    await signInOn(console, app.apiKey);
    const log = console.getByRole("log", { name: "Messages" });
    await log.getByText("Voice message.webm").waitFor();
    release();
    await reads(page, ["I feel fine", "You said: I feel fine"]);
    await log.getByText("I feel fine", { exact: true }).waitFor();
    expect([...person.offences, ...operator.offences]).toEqual([]);
  });

  test("stops at its maximum length, and is not offered without a speech server", async () => {
    await using person = await newPerson(browser);
    await person.context.addInitScript(MICROPHONE);
    const page = await person.tab(`${app.url}/chat/brief`);
    await button(page, "Record a voice message").click();
    await page.getByRole("alert").getByText("A voice message lasts at most 0:01.").waitFor();
    await page.getByRole("list", { name: "Attached files" }).getByText("Voice message.webm").waitFor();
    const other = await person.tab(`${app.url}/chat/deaf`);
    await composer(other).waitFor();
    await button(other, "Attach files").waitFor();
    expect(await button(other, "Record a voice message").count()).toBe(0);
    expect(person.offences).toEqual([]);
  });
});
