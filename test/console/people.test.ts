import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { buildConsolePage } from "../support/build-page.ts";
import { isSound, signInOn } from "../support/console-page.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";

const phone = createGatedChannel(undefined, {}, "gated", null, (who) =>
  who === "Blocked"
    ? { kind: "unreachable", code: "phone_403", reason: "the user blocked the bot" }
    : undefined,
);
let app: TestApp;
let browser: Browser;
let keys = 0;

const say = (chat: string, text: string, channel = "phone") =>
  fetch(`${app.url}/webhooks/${channel}`, {
    method: "POST",
    body: JSON.stringify({ chat, text, key: `event-${++keys}` }),
  });

async function openPerson(page: Page, name: string): Promise<string> {
  await page.getByRole("searchbox", { name: "Name or identifier" }).fill(name);
  await page.getByRole("link", { name: new RegExp(`^${name}`) }).click();
  await page.getByRole("heading", { name, level: 2 }).waitFor();
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

describe.skipIf(browserPath === null)("the console", () => {
  beforeAll(async () => {
    buildConsolePage();
    browser = await startBrowser();
    app = await startTestApp({
      agents: { coach: { name: "Coach", bot: { type: "echo" } } },
      kinds: { gated: phone.definition },
      channels: {
        phone: { kind: "gated", agent: "coach" },
        door: { kind: "gated", agent: "coach", access: { policy: "pairing" } },
      },
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
  });

  it("shows a user, changes their data with a preview of the differences, and erases them", async () => {
    await say("Ada", "hello");
    await say("Bert", "hello");
    await using person = await newPerson(browser, { viewport: { width: 1280, height: 900 } });
    const page = await person.tab(`${app.url}/console/people`);
    await signInOn(page, app.apiKey);
    await page.getByRole("link", { name: /^Bert/ }).waitFor();
    await isSound(page, "people");
    const id = await openPerson(page, "Ada");
    await page.getByRole("region", { name: "Conversations" }).getByRole("link", { name: /hello/ }).waitFor();

    const data = page.getByRole("textbox", { name: "Kept data, as JSON" });
    await data.fill('{ "city": ');
    await page.getByText(/^This is not JSON/).waitFor();
    await data.fill('{ "city": "Lima", "tone": "warm" }');
    await page.getByRole("list", { name: "Changes" }).getByText('"Lima"').waitFor();
    await isSound(page, "changed data");
    await page.getByRole("button", { name: "Save 2 changes" }).press("Enter");
    await page.getByText("Saved.").waitFor();

    // Another person saves a change while this one types.
    await app.api("PATCH", `/users/${id}/data/coach`, { tone: "formal" });
    await data.fill('{ "city": "Quito", "tone": "warm" }');
    await page.getByRole("button", { name: "Save 1 change" }).click();
    await page
      .getByRole("alert")
      .getByText(/Somebody else changed it meanwhile/)
      .waitFor();
    const stored = async () => (await app.api("GET", `/users/${id}/data/coach`)).body;
    expect(await stored()).toEqual({ city: "Lima", tone: "formal" });
    await page.getByRole("list", { name: "Changes" }).getByText('"formal"').waitFor();
    await page.getByRole("button", { name: "Save 2 changes" }).click();
    await page.getByText("Saved.").waitFor();
    expect(await stored()).toEqual({ city: "Quito", tone: "warm" });

    await page.getByRole("button", { name: "Erase…" }).click();
    const dialog = page.getByRole("dialog", { name: "Erase this person" });
    await dialog.getByRole("button", { name: "Erase" }).click();
    await dialog.getByText("Type Ada to erase this person.").waitFor();
    await isSound(page, "erasing");
    await dialog.getByLabel(/^Type/).fill("Ada");
    await dialog.getByRole("button", { name: "Erase" }).press("Enter");
    await page.getByRole("heading", { name: "People" }).waitFor();
    expect((await app.api("GET", `/users/${id}`)).status).toBe(404);
    expect(person.offences).toEqual([]);
  });

  it("writes to one user or many, shows beforehand who is unreachable, and shows who changed what", async () => {
    await say("Cleo", "good morning");
    await say("Blocked", "go away");
    await using person = await newPerson(browser, { viewport: { width: 1280, height: 900 } });
    const page = await person.tab(`${app.url}/console/people`);
    await signInOn(page, app.apiKey);
    await openPerson(page, "Cleo");
    await page.getByRole("link", { name: "Write to them" }).click();
    const to = page.getByLabel(/^To \(one identifier in each line/);
    expect(await to.inputValue()).toBe("Cleo");
    const who = page.getByRole("list", { name: "Who gets it" });
    await who.getByText("Can be written to").waitFor();
    await page.getByLabel(/^Begin a new conversation/).check();
    await who.getByRole("link", { name: "good morning" }).waitFor();
    await page.getByRole("textbox", { name: "Words" }).fill("Your plan is ready.");
    await page.getByText("The call").click();
    await page.getByRole("group", { name: "The call" }).getByText('"start_new_session": true').waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).press("Enter");
    await phone.sending("Your plan is ready.");
    await page.getByRole("status", { name: "What became of it" }).getByText("On its way").waitFor();

    await to.fill('identifier;city\nCleo;"Porto; Gaia"\n');
    await page.getByRole("group", { name: "The call" }).getByText('"city": "Porto; Gaia"').waitFor();
    await to.fill(Array.from({ length: 101 }, (_, index) => `person ${index}`).join("\n"));
    await page.getByText("These are 101 people.").waitFor();
    await to.fill("Cleo\nBlocked\nNobody yet\nCleo");
    await who.getByText("the user blocked the bot").waitFor();
    await who.getByText("New here").waitFor();
    await page.getByRole("textbox", { name: "Words" }).fill("We are closed tomorrow.");
    await isSound(page, "a message");
    const { data: cleos } = (await app.api("GET", "/users?identifier=Cleo")).body;
    const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
    const quiet = { from: clock(-3_600_000), to: clock(7_200_000) };
    await app.api("PATCH", `/users/${cleos[0].id}/data/coach`, { quiet_hours: quiet });
    await to.fill("Blocked\nNobody yet\nCleo");
    await who.getByText(/^Waits for quiet hours, until/).waitFor();
    await page.getByLabel("Send now, also in quiet hours").check();
    await who.getByText("In quiet hours", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Send to 3 people" }).click();
    const results = page.getByRole("status", { name: "What became of it" });
    await results.getByText("Not sent").waitFor();
    expect(await results.getByText("On its way").count()).toBe(2);
    await eventually(() =>
      expect(phone.sends.filter(({ part }) => part.text === "We are closed tomorrow.")).toHaveLength(2),
    );

    await page.getByRole("link", { name: "Audit" }).click();
    await page.getByText("trigger bot messages").waitFor();
    await isSound(page, "the audit");
    expect(person.offences).toEqual([]);
  });

  it("admits users who request access, and revokes the access", async () => {
    await say("Dora", "may I come in?", "door");
    await using person = await newPerson(browser, { viewport: { width: 1280, height: 900 } });
    const page = await person.tab(`${app.url}/console/access`);
    await signInOn(page, app.apiKey);
    const waiting = page.getByRole("region", { name: "Waiting" });
    await waiting.getByText("may I come in?").waitFor();
    await isSound(page, "access");
    await waiting.getByRole("button", { name: "Let in" }).press("Enter");
    await waiting.getByText("Nobody waits.").waitFor();
    await phone.sending("You said: may I come in?");
    const grants = page.getByRole("region", { name: "Let in" });
    await grants.getByText("let in by operator (console)").waitFor();
    await grants.getByRole("button", { name: "Take back" }).click();
    await grants.getByText("Nobody yet.").waitFor();
    // The navigation scrolls to the open screen.
    await page.setViewportSize({ width: 320, height: 640 });
    await page.reload();
    await page.getByRole("heading", { name: "Access" }).waitFor();
    const place = "document.querySelector('nav [aria-current]').getBoundingClientRect().right";
    await eventually(async () => expect(await page.evaluate(place)).toBeLessThanOrEqual(320));
    expect(person.offences).toEqual([]);
  });

  it("creates a key for a person, shows its secret once, masks contacts, and signs the person out", async () => {
    await using owner = await newPerson(browser, { viewport: { width: 1280, height: 900 } });
    const page = await owner.tab(`${app.url}/console/keys`);
    await signInOn(page, app.apiKey);
    await page.getByLabel(/^For whom/).fill("Anna");
    await page.getByLabel("Role").selectOption("agent");
    await page.getByRole("button", { name: "Make a key" }).press("Enter");
    const secret = (await page.locator(".secret").textContent()) ?? "";
    await isSound(page, "keys");
    await page.getByRole("button", { name: "I have kept it" }).click();
    expect(await page.content()).not.toContain(secret);

    await using anna = await newPerson(browser, { viewport: { width: 1280, height: 900 } });
    const hers = await anna.tab(`${app.url}/console`);
    await signInOn(hers, secret);
    await hers.getByText("agent", { exact: true }).waitFor();
    expect(await hers.getByRole("link", { name: /Audit|API keys|Message someone/ }).count()).toBe(0);

    // A viewer sees a person's name. Revealing the contact leaves an audit row.
    await say("+49 170 5550123", "hello");
    await page.getByLabel(/^For whom/).fill("Vera");
    await page.getByLabel("Role").selectOption("viewer");
    await page.getByLabel(/^May reveal contact data/).check();
    await page.getByRole("button", { name: "Make a key" }).click();
    const secretOfVera = (await page.locator(".secret").textContent()) ?? "";
    await using vera = await newPerson(browser, { viewport: { width: 1280, height: 900 } });
    const veras = await vera.tab(`${app.url}/console/people`);
    await signInOn(veras, secretOfVera);
    await veras.getByRole("link", { name: /^•••123/ }).click();
    await veras.getByRole("button", { name: "Reveal contact" }).press("Enter");
    await veras.getByText("+49 170 5550123", { exact: true }).first().waitFor();
    await isSound(veras, "a revealed contact");
    await page.getByRole("link", { name: "Audit" }).click();
    await page.getByText("reveal user").first().waitFor();
    await page.getByRole("link", { name: "API keys" }).click();

    await page.getByRole("button", { name: "Revoke Anna" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).press("Enter");
    await hers.getByRole("region", { name: "Signed out" }).waitFor();
    expect([...owner.offences, ...anna.offences, ...vera.offences]).toEqual([]);
  });

  it("shows the changes of an agent's version", async () => {
    await app.configure({
      agents: { coach: { name: "Coach", seedMessage: "Say hello.", bot: { type: "echo" } } },
    });
    await app.app.reload();
    await using person = await newPerson(browser, { viewport: { width: 1280, height: 900 } });
    const page = await person.tab(`${app.url}/console/agents/coach`);
    await signInOn(page, app.apiKey);
    const changes = page.getByRole("list", { name: "Changes" });
    await changes.getByText("seedMessage").waitFor();
    await changes.getByText('"Say hello."').waitFor();
    await page.getByRole("combobox", { name: "Version", exact: true }).selectOption("1");
    await changes.waitFor({ state: "detached" });
    expect(person.offences).toEqual([]);
  });
});
