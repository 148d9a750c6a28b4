import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
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
        if (new URL(request.url()).origin !== origin) offences.push(`request: ${request.url()}`);
      });
      await page.goto(url);
      return page;
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** `npm test` has built the page; where a test is run by itself, it may be missing or old. */
function buildPage(): void {
  const source = `${root}src/web-chat`;
  const built = `${root}dist/web-chat/main.js`;
  const newest = Math.max(...readdirSync(source).map((name) => statSync(`${source}/${name}`).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs > newest) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${source}/build.mjs`], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the chat page could not be built: ${stdout}${stderr}`);
}
