import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { buildPage } from "./build-page.ts";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where this machine has a browser; null: tests that need one are skipped (`apt-get install chromium`). */
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

/** A person at a browser of their own: nothing in it is shared with another visitor. */
export interface Person extends AsyncDisposable {
  context: BrowserContext;
  /** Opens a tab and shows the chat in it. */
  tab(url: string): Promise<Page>;
  /** What no page may do: errors, violations of the content policy, requests to other origins. */
  offences: string[];
}

export async function newPerson(
  browser: Browser,
  options: Parameters<Browser["newContext"]>[0] = {},
  /** Origins beside the page's own that its tabs may ask. */
  mayAsk: readonly string[] = [],
): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 720 }, ...options });
  const offences: string[] = [];
  return {
    context,
    offences,
    async tab(url) {
      const page = await context.newPage();
      const { origin } = new URL(url);
      page.on("pageerror", (error) => offences.push(`error: ${error.message}`));
      page.on("console", (message) => {
        // A call that fails is part of some tests; a policy that is broken is not.
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
