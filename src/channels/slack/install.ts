import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/process/logger.ts";
import { type Clock, systemClock } from "../../core/time/clock.ts";
import type { ChannelValues, RawRequest, Received, WebhookResponse } from "../channel.ts";
import { describeFault, readFault } from "./errors.ts";
import type { Installations } from "./installations.ts";
import { SCOPES } from "./manifest.ts";

export interface InstallDeps {
  oauth: { clientId: string; clientSecret: string; secret: string };
  client: Pick<WebClient, "oauth">;
  installations: Pick<Installations, "save">;
  values: Pick<ChannelValues, "add">;
  /** The channel's webhook. Its subpaths `/install` and `/oauth` are served here. */
  webhookUrl: string;
  apiUrl: string;
  log: Logger;
  clock?: Clock;
}

const COOKIE = "slack_install";
/** Time limit for a person to approve the installation. */
const PATIENCE_SECONDS = 10 * 60;

/**
 * Installs the app in a workspace (docs.slack.dev, Installing with OAuth). `/install` sends the visitor to Slack, and
 * `/oauth` takes the visitor back. The state is signed and tied to the browser by a cookie. So nobody can be tricked
 * into finishing an installation that another person began. A state finishes one installation, on any process.
 */
export function createInstallPages(deps: InstallDeps) {
  const { oauth, client, installations, values, webhookUrl, log, clock = systemClock } = deps;
  const redirectUri = `${webhookUrl}/oauth`;
  const nowSeconds = () => Math.floor(clock.now().getTime() / 1000);
  const sign = (nonce: string, expires: string) =>
    createHmac("sha256", oauth.secret).update(`slack install:${nonce}:${expires}`).digest("base64url");

  function begin(): WebhookResponse {
    const nonce = randomBytes(24).toString("base64url");
    const expires = String(nowSeconds() + PATIENCE_SECONDS);
    const url = new URL("../oauth/v2/authorize", deps.apiUrl);
    url.searchParams.set("client_id", oauth.clientId);
    url.searchParams.set("scope", SCOPES.join(","));
    url.searchParams.set("redirect_uri", redirectUri);
    url.searchParams.set("state", `${nonce}.${expires}.${sign(nonce, expires)}`);
    const secure = webhookUrl.startsWith("https:") ? "; Secure" : "";
    const path = new URL(webhookUrl).pathname;
    const cookie = `${COOKIE}=${nonce}; Path=${path}; Max-Age=${PATIENCE_SECONDS}; HttpOnly; SameSite=Lax${secure}`;
    return { status: 302, headers: { Location: url.href, "Set-Cookie": cookie }, body: "" };
  }

  function isOurs(state: string, cookies: string): boolean {
    const [nonce = "", expires = "", signature = ""] = state.split(".");
    const expected = Buffer.from(sign(nonce, expires));
    const given = Buffer.from(signature);
    const signed = given.length === expected.length && timingSafeEqual(given, expected);
    return signed && Number(expires) >= nowSeconds() && cookies.split(/;\s*/).includes(`${COOKIE}=${nonce}`);
  }

  /** True for the first use of a state. It is remembered for as long as its signature is valid. */
  const isFirstUse = (state: string) =>
    values.add(`install:${state.split(".")[0]}`, Buffer.alloc(0), { expiresInMs: PATIENCE_SECONDS * 1000 });

  async function finish(query: URLSearchParams, cookies: string): Promise<WebhookResponse> {
    const state = query.get("state") ?? "";
    if (!isOurs(state, cookies))
      return page(400, "This installation was not begun here, or took too long. Begin again.");
    const code = query.get("code");
    if (code === null) return page(400, "Slack did not agree. Nothing was installed.");
    if (!(await isFirstUse(state)))
      return page(400, "This installation was finished already. Begin again to install the app anew.");
    try {
      const granted = await client.oauth.v2.access({
        client_id: oauth.clientId,
        client_secret: oauth.clientSecret,
        code,
        redirect_uri: redirectUri,
      });
      const { team, name } = await installations.save(granted);
      log.info({ team, name }, "slack app installed");
      return page(200, "Installed. Write to the app in Slack, or mention it in a channel.");
    } catch (error) {
      log.error({ reason: describeFault(readFault(error)) }, "slack app not installed");
      return page(502, "Slack did not confirm the installation. Begin again.");
    }
  }

  /** The answer to a visit of one of the two pages; null for any other request. */
  return async (request: RawRequest): Promise<Received | null> => {
    if (request.method !== "GET") return null;
    const { pathname, searchParams } = new URL(request.url, webhookUrl);
    const answered = (response: WebhookResponse): Received => ({ kind: "accepted", events: [], response });
    if (pathname.endsWith("/install")) return answered(begin());
    if (pathname.endsWith("/oauth"))
      return answered(await finish(searchParams, request.headers["cookie"] ?? ""));
    return null;
  };
}

function page(status: number, words: string): WebhookResponse {
  const body = `<!doctype html><meta charset="utf-8"><title>Slack</title><p>${words}</p>\n`;
  return { status, contentType: "text/html; charset=utf-8", headers: { "Cache-Control": "no-store" }, body };
}
