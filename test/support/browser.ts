import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { buildPage } from "./build-page.ts";

/** The shell has no windows of its own, and costs two thirds of the processor time. */
const PATHS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"].map(
  (name) => `/usr/bin/${name}`,
);

/**
 * Path of a browser on this machine. Null: tests that need one are skipped (`apt-get install
 * chromium-headless-shell`, or `chromium`).
 */
export const browserPath = PATHS.find((path) => existsSync(path)) ?? null;

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts a headless browser on the built page. `await using browser = await startBrowser()`. */
export async function startBrowser(): Promise<Browser> {
  buildPage();
  return chromium.launch({ executablePath: browserPath ?? "", headless: true, args: FLAGS });
}

/** A person with a separate browser context, which shares nothing with another visitor. */
export interface Person extends AsyncDisposable {
  context: BrowserContext;
  /** Opens a tab and shows the chat in it. */
  tab(url: string): Promise<Page>;
  /** Forbidden events of a page: errors, violations of the content policy, requests to other origins. */
  offences: string[];
}

export async function newPerson(
  browser: Browser,
  options: Parameters<Browser["newContext"]>[0] = {},
  /** Other origins that its tabs may call. */
  mayAsk: readonly string[] = [],
): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 720 }, ...options });
  // As long as a test may take: on a busy machine a page needs a minute for what takes a second.
  context.setDefaultTimeout(120_000);
  // A browser with windows lets pages copy. The shell refuses without asking.
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const offences: string[] = [];
  return {
    context,
    offences,
    async tab(url) {
      const page = await context.newPage();
      const { origin } = new URL(url);
      page.on("pageerror", (error) => offences.push(`error: ${error.message}`));
      page.on("console", (message) => {
        // Some tests contain a failing call, but a broken policy is always an error.
        if (/Content Security Policy|Trusted/i.test(message.text())) offences.push(message.text());
      });
      page.on("request", (request) => {
        const asked = new URL(request.url());
        const isKnown =
          asked.origin === origin || asked.protocol === "blob:" || mayAsk.includes(asked.origin);
        if (!isKnown) offences.push(`request: ${request.url()}`);
      });
      await page.goto(url);
      return page;
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}
