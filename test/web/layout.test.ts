import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { composer, inside } from "../support/chat-page.ts";
import { eventually } from "../support/eventually.ts";
import { type HostSite, startHostSite } from "../support/host-page.ts";

const LINE = `const aVeryLongLine = someFunction(${"argument, ".repeat(20)});`;
const PROSE = "This sentence is long enough that it has to wrap wherever the chat is narrow, and it must.";
const fence = (code: string, indent = "") => ["```js", code, "```"].map((line) => indent + line).join("\n");
/** Bot output that is wider than a phone. */
const WIDE = [
  fence(LINE),
  `- a list\n\n${fence(LINE, "  ")}`,
  `> a quote\n>\n${fence(LINE, "> ")}`,
  `| ${"Column | ".repeat(12)}\n|${" --- |".repeat(12)}\n| ${"value | ".repeat(12)}`,
  `# ${"Heading".repeat(30)}`,
  "w".repeat(400),
  `\`${"code".repeat(60)}\``,
  `https://example.org/${"path/".repeat(60)}`,
].join(`\n\n${PROSE}\n\n`);
const TITLES = {
  long: "Riverside Clinic appointment assistant",
  unbroken: `Donaudampfschifffahrt${"sgesellschaft".repeat(4)}`,
};
let app: TestApp;
let browser: Browser;
let site: HostSite;

/** Elements that reach outside their container, as `name left..right`. */
const spilled = (page: Page) =>
  inside<string[]>(
    page,
    `(() => {
      const within = (node, box, name) => {
        const { left, right, width } = node.getBoundingClientRect();
        return width === 0 || (left >= box.left - 1 && right <= box.right + 1) ? [] : [name + " " + left + ".." + right];
      };
      const chat = root.querySelector(".chat").getBoundingClientRect();
      const pane = root.querySelector(".pane").getBoundingClientRect();
      return [
        ...[...root.querySelectorAll("button, textarea, h1, h2, .composer")].filter((node) => !node.closest(".code, .sidebar:not(.open)"))
          .flatMap((node) => within(node, chat, node.getAttribute("aria-label") ?? node.className ?? node.localName)),
        ...[...root.querySelectorAll(".message .body, .message .body > *, .choice, .welcome *")].filter((node) => !node.closest("pre, table"))
          .flatMap((node) => within(node, pane, node.localName + "." + node.className)),
        ...(root.querySelector(".pane").scrollWidth > root.querySelector(".pane").clientWidth ? ["the messages scroll sideways"] : []),
      ];
    })()`,
  );

/** Checks the layout of a chat with all its elements, opened as a user would. */
async function everythingFits(page: Page): Promise<void> {
  // The user's own messages must fit too.
  await composer(page).fill(`wide ${"w".repeat(300)}`);
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("button", { name: "A choice" }).first().waitFor();
  await eventually(async () => expect(await spilled(page)).toEqual([]));
  const codes = await inside<boolean[]>(
    page,
    "[...root.querySelectorAll('.code pre, .table')].map((node) => node.scrollWidth > node.clientWidth)",
  );
  // Content that is too wide has its own scrollbar, so the user can reach all of it.
  expect(codes).toContain(true);
}

describe.skipIf(browserPath === null)("no part of the chat leaves its frame", () => {
  beforeAll(async () => {
    [browser, site] = await Promise.all([startBrowser(), startHostSite()]);
    const channel = (title: string) => ({
      kind: "web",
      agent: "script",
      title,
      greeting: `${fence(LINE)}\n\n${"w".repeat(300)}`,
      starters: ["Something rather long that somebody might begin with on a small screen", "w".repeat(150)],
      allowedOrigins: [site.origin],
    });
    app = await startTestApp({
      agents: {
        script: {
          bot: {
            type: "script",
            replies: [
              {
                match: "wide",
                say: WIDE,
                buttons: [{ label: "A choice" }, { label: `A choice ${"w".repeat(80)}` }],
              },
            ],
            sequence: [{ say: "Hm." }],
          },
        },
      },
      channels: { long: channel(TITLES.long), unbroken: channel(TITLES.unbroken) },
    });
    const loader = `${app.url}/widget/v1/loader.js`;
    for (const root of ["62.5%", "100%", "20px", "32px"]) {
      site.pages.set(`/floating-${root}`, {
        html: `<style>html { font-size: ${root} }</style><body><script type="module" src="${loader}" data-channel="long"></script>`,
      });
    }
    site.pages.set("/inline", {
      html: `<body><div style="width: 280px"><causeway-chat channel="long" mode="inline"></causeway-chat></div><script type="module" src="${loader}"></script>`,
    });
  });

  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
    await site?.[Symbol.asyncDispose]();
  });

  test.each([
    [320, "long"],
    [360, "unbroken"],
    [768, "long"],
    [1024, "unbroken"],
    [1440, "long"],
  ] as const)("on the page at %d pixels, called %s", async (width, channel) => {
    await using person = await newPerson(browser, { viewport: { width, height: 700 } });
    const page = await person.tab(`${app.url}/chat/${channel}`);
    await eventually(async () => expect(await spilled(page)).toEqual([]));
    await everythingFits(page);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
  });

  test("in a column of 280 pixels", async () => {
    await using person = await newPerson(browser, {}, [app.url]);
    await everythingFits(await person.tab(`${site.origin}/inline`));
  });

  test("as a widget that fills a phone, with reachable close and send buttons", async () => {
    await using person = await newPerson(browser, { viewport: { width: 360, height: 740 }, hasTouch: true }, [
      app.url,
    ]);
    const page = await person.tab(`${site.origin}/floating-100%`);
    await page.getByRole("button", { name: "Chat" }).tap();
    await everythingFits(page);
    await page.getByRole("button", { name: "Close chat" }).tap();
    await page.getByRole("button", { name: "Chat", exact: true }).waitFor();
  });

  test("as a widget with the same size on every page, with any root font size", async () => {
    const sizes = [];
    for (const root of ["62.5%", "100%", "20px", "32px"]) {
      await using person = await newPerson(browser, {}, [app.url]);
      const page = await person.tab(`${site.origin}/floating-${root}`);
      await page.getByRole("button", { name: "Chat" }).click();
      await everythingFits(page);
      sizes.push(
        await inside(
          page,
          `["[part~=panel]", "[part~=launcher]", "[part~=launcher] svg", "textarea", ".send", "[part~=close]", ".assistant p", ".choice"]
            .map((selector) => {
              const node = root.querySelector(selector);
              const { width, height } = node.getBoundingClientRect();
              return [selector, Math.round(width), Math.round(height), getComputedStyle(node).fontSize].join(" ");
            })`,
        ),
      );
    }
    expect(new Set(sizes.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(JSON.stringify(sizes[0])).toContain("textarea");
    expect(JSON.stringify(sizes[0])).toContain("16px");
  });
});
