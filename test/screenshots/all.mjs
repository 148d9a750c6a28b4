// One picture of every screen, for everybody who changes one: light, dark, and at 320 px.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open, say, shoot, signIn } from "./browser.mjs";
import { startBusyService } from "./everything.mjs";

const WIDE = { viewport: { width: 1360, height: 860 } };
const WAIT_MS = 15_000;
const LOOKS = {
  light: WIDE,
  dark: { ...WIDE, colorScheme: "dark" },
  narrow: { viewport: { width: 320, height: 720 } },
};

const row = (page, name) => page.locator(".row", { hasText: name }).first();
const openRow = async (page, name) => {
  await row(page, name).click();
  await page.getByRole("log", { name: "Messages" }).waitFor();
};

/** The screens of the console. Each shows itself from its address, and does what cannot be addressed. */
const SCREENS = {
  conversations: { path: "", shows: (page) => row(page, "Ada").waitFor() },
  "conversations-none": {
    path: "?q=nothingofthiskind",
    shows: (page) => page.getByText("No conversation").waitFor(),
  },
  "conversations-filter": {
    path: "",
    async shows(page) {
      await row(page, "Ada").waitFor();
      await page.getByText("Filter", { exact: true }).click();
    },
  },
  conversation: {
    path: "",
    async shows(page) {
      await openRow(page, "Ada");
      await page.getByRole("button", { name: /^Sent/ }).first().click();
      await page.getByText("The bot was called.").waitFor();
    },
  },
  "conversation-find": {
    path: "",
    async shows(page) {
      await openRow(page, "Ada");
      await page.getByRole("button", { name: /^Find/ }).click();
      await page.getByPlaceholder("Find whole words").fill("sleep");
      await page.getByRole("list", { name: "Found messages" }).getByRole("link").first().waitFor();
    },
  },
  "conversation-start-over": {
    path: "",
    async shows(page) {
      await openRow(page, "Ada");
      await page.getByRole("button", { name: /^Start over/ }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  "conversation-waits": { path: "", shows: (page) => openRow(page, "447700900123") },
  "conversation-taken": {
    path: "",
    async shows(page) {
      await openRow(page, "436601234567");
      await page.getByRole("textbox", { name: "Your answer to the user" }).fill("What can I do for you?");
    },
  },
  "conversation-hand-back": {
    path: "",
    async shows(page) {
      await openRow(page, "436601234567");
      await page.getByRole("button", { name: "Hand back" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  "conversation-failed": { path: "", shows: (page) => openRow(page, "Noor") },
  help: {
    path: "",
    async shows(page) {
      await row(page, "Ada").waitFor();
      await page.getByRole("button", { name: "Shortcuts" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  people: { path: "/people", shows: (page) => page.getByText("Jonas").first().waitFor() },
  "people-none": { path: "/people?q=nobody", shows: (page) => page.getByText("Nobody is called").waitFor() },
  person: {
    path: "/people",
    async shows(page) {
      await page.getByRole("link", { name: /Ada/ }).click();
      await page.getByText("What is kept").waitFor();
      await page.getByLabel("Kept data, as JSON").fill('{ "goal": "sleep before 23:00" }');
    },
  },
  "person-erase": {
    path: "/people",
    async shows(page) {
      await page.getByRole("link", { name: /Ada/ }).click();
      await page.getByRole("button", { name: "Erase…" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  message: {
    path: "/message?channel=telegram&agent=coach",
    async shows(page) {
      await page.getByLabel(/^To/).fill("identifier, city\n777001, Graz\n777042, Linz");
      await page.getByRole("textbox", { name: "Words" }).fill("Good evening! Shall we plan tomorrow?");
      await page.getByRole("list", { name: "Who gets it" }).waitFor();
      await page.getByText("The call").click();
    },
  },
  schedules: { path: "/schedules", shows: (page) => page.getByText("Evening reminder").waitFor() },
  "schedules-none": {
    path: "/schedules?status=cancelled",
    shows: (page) => page.getByText("No schedule matches").waitFor(),
  },
  trouble: { path: "/trouble", shows: (page) => page.getByText("Failed turns").waitFor() },
  "trouble-none": { path: "/trouble?channel=web", shows: (page) => page.getByText("Failed turns").waitFor() },
  "trouble-retry": {
    path: "/trouble",
    async shows(page) {
      await page.getByRole("button", { name: "Send all again…" }).click();
      await page.getByText("Nothing is sent yet.").waitFor();
    },
  },
  numbers: { path: "/numbers", shows: (page) => page.getByText("By channel").waitFor() },
  channels: {
    path: "/channels",
    async shows(page) {
      await page.getByRole("button", { name: "Check web" }).click();
      await page.getByRole("list", { name: "Findings of web" }).waitFor();
    },
  },
  agents: { path: "/agents", shows: (page) => page.getByRole("heading", { name: "Night helper" }).waitFor() },
  agent: {
    path: "/agents/coach",
    async shows(page) {
      await page.getByText("Changes since version").waitFor();
      await page.getByRole("button", { name: "Show the prompt" }).click();
      await page.getByRole("list", { name: "Messages to the bot" }).waitFor();
    },
  },
  access: { path: "/access", shows: (page) => page.getByRole("button", { name: "Let in" }).waitFor() },
  keys: { path: "/keys", shows: (page) => page.getByRole("heading", { name: "Ida, at the desk" }).waitFor() },
  audit: { path: "/audit", shows: (page) => page.locator(".audit li").first().waitFor() },
};

/** Makes one picture of each screen and look, such as `trouble-dark.png`. */
export async function makeAllPictures(browser, directory) {
  mkdirSync(directory, { recursive: true });
  const service = await startBusyService();
  try {
    for (const [look, options] of Object.entries(LOOKS)) {
      const to = (name) => join(directory, `${name}-${look}.png`);
      await makeConsolePictures(browser, { service, options, to });
      await makeOtherPictures(browser, { service, options, to });
    }
  } finally {
    await service.stop();
  }
}

function tell(problem) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}

async function makeConsolePictures(browser, { service: { url, key }, options, to }) {
  const page = await open(browser, `${url}/console`, options);
  await page.getByLabel("API key").waitFor();
  await shoot(page, to("sign-in"));
  await signIn(page, key);
  page.setDefaultTimeout(WAIT_MS);
  for (const [name, { path, shows }] of Object.entries(SCREENS)) {
    await page.goto(`${url}/console${path}`);
    // A screen that cannot be reached is photographed as it is, and the others follow.
    await shows(page).catch((error) => tell(`${to(name)}: ${error.message}`));
    await shoot(page, to(name), { fullPage: true });
    const isTooWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
    if (isTooWide) tell(`${to(name)} scrolls sideways`);
  }
  await page.context().close();
}

async function makeOtherPictures(browser, { service: { url }, options, to }) {
  const chat = await open(browser, `${url}/chat/web`, options);
  await chat.getByRole("button", { name: "I sleep badly" }).waitFor();
  await shoot(chat, to("chat-welcome"));
  await say(chat, "I sleep badly");
  await chat.getByRole("button", { name: "Not now" }).waitFor();
  await shoot(chat, to("chat"));
  await chat.context().close();
  const phones = await open(browser, `${url}/simulator`, options);
  await phones.getByRole("region", { name: "Telegram: telegram" }).waitFor();
  await shoot(phones, to("phones"), { fullPage: true });
  await phones.context().close();
}
