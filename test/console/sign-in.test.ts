import { createEmulator } from "emulate";
import { expect, it } from "vitest";
import { startTestApp } from "../support/app.ts";
import { browserPath, newPerson, startBrowser } from "../support/browser.ts";
import { buildConsolePage } from "../support/build-page.ts";
import { isSound, signInOn } from "../support/console-page.ts";
import { freePort } from "../support/redis.ts";

// A provider from other authors does not share our misunderstandings of the specification.

async function startOkta(redirectUri: string) {
  const port = await freePort();
  const emulator = await createEmulator({
    service: "okta",
    port,
    baseUrl: `http://127.0.0.1:${port}`,
    seed: {
      okta: {
        users: [
          { okta_id: "00uAda", login: "ada@example.org", first_name: "Ada", last_name: "Lovelace" },
          { okta_id: "00uBert", login: "bert@example.org", first_name: "Bert", last_name: "Nobody" },
        ],
        groups: [{ okta_id: "00gAgents", name: "causeway-agent" }],
        group_memberships: [{ group_okta_id: "00gAgents", user_okta_id: "00uAda" }],
        oauth_clients: [
          {
            client_id: "console",
            client_secret: "the-secret-of-the-console",
            name: "Causeway",
            redirect_uris: [redirectUri],
          },
        ],
      },
    },
  });
  return { url: emulator.url, [Symbol.asyncDispose]: () => emulator.close() };
}

it.skipIf(browserPath === null)(
  "the console signs people in with their provider, and keeps everything that they typed",
  async () => {
    buildConsolePage();
    const port = await freePort();
    await using okta = await startOkta(`http://127.0.0.1:${port}/console/oidc/callback`);
    await using app = await startTestApp({
      agents: { coach: { name: "Coach", bot: { type: "echo" } } },
      channels: { api: { kind: "api", agent: "coach" } },
      env: {
        PORT: String(port),
        CAUSEWAY_OIDC_ISSUER: `${okta.url}/oauth2/default`,
        CAUSEWAY_OIDC_CLIENT_ID: "console",
        CAUSEWAY_OIDC_CLIENT_SECRET: "the-secret-of-the-console",
        CAUSEWAY_OIDC_ROLE_CLAIM: "groups",
        CAUSEWAY_OIDC_SCOPE: "openid profile email groups",
      },
    });
    const { body: chat } = await app.api("POST", "/chat/sessions", {
      agent_id: "coach",
      user: { identifier: "dora" },
    });
    await using browser = await startBrowser();
    await using person = await newPerson(browser, {}, [okta.url]);
    const address = `${app.url}/console/conversations/${chat.id}`;
    const page = await person.tab(address);
    const link = page.getByRole("link", { name: `Sign in with ${new URL(okta.url).host}` });
    await link.waitFor();
    await isSound(page, "signing in with a provider");

    await link.click();
    await page.getByRole("button", { name: /bert@example.org/ }).click();
    await page.getByRole("alert").getByText("You have no role here.", { exact: false }).waitFor();
    await page.goto(address);
    await link.click();
    await page.getByRole("button", { name: /ada@example.org/ }).click();
    await page.getByRole("navigation", { name: "Console" }).getByText("Ada Lovelace").waitFor();
    expect(page.url()).toBe(address);
    await page.getByRole("button", { name: "Take over" }).click();
    const answer = page.getByLabel("Your answer to the user");
    await answer.fill("half a sentence");

    // The session ends. The person signs in in another tab, and this one continues.
    await person.context.clearCookies();
    await page.getByRole("region", { name: "Signed out" }).waitFor();
    const [other] = await Promise.all([person.context.waitForEvent("page"), link.click()]);
    await other.getByRole("button", { name: /ada@example.org/ }).click();
    await other.getByRole("navigation", { name: "Console" }).waitFor();
    await other.close();
    await page.bringToFront();
    await page.evaluate("dispatchEvent(new Event('focus'))");
    await page.getByRole("region", { name: "Signed out" }).waitFor({ state: "detached" });
    expect(await answer.inputValue()).toBe("half a sentence");
    await answer.fill("");

    await page.getByRole("button", { name: "Sign out" }).click();
    await link.waitFor();
    await signInOn(page, app.apiKey);
    expect(person.offences).toEqual([]);
  },
);
