import { createHmac, randomBytes } from "node:crypto";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import {
  type CallbackOptions,
  type InstallationStore,
  InstallProvider,
  type InstallURLOptions,
  InvalidStateError,
  SlackOAuthError,
  type StateStore,
} from "@slack/oauth";
import type { Logger } from "../../core/process/logger.ts";
import type { ChannelValues } from "../channel-options.ts";
import type { RawRequest, Received, WebhookResponse } from "../channel-webhook.ts";
import { isSame } from "../webhook-request.ts";
import { describeFault, readFault } from "./errors.ts";
import { NotStored, teamOf } from "./installations.ts";
import { SCOPES } from "./manifest.ts";
import { quietSlackLogger, type SlackWebApi } from "./web-api.ts";

export interface InstallDeps {
  oauth: { clientId: string; clientSecret: string; secret: string };
  api: Pick<SlackWebApi, "clientOptions">;
  installations: InstallationStore;
  values: Pick<ChannelValues, "add">;
  /** The channel's webhook, whose subpaths `/install` and `/oauth` are served here, and Slack's Web API. */
  urls: { webhook: string; api: string };
  log: Logger;
}

const COOKIE = "slack_install";
/** Time limit for a person to approve the installation. */
const PATIENCE_SECONDS = 10 * 60;

/**
 * Installs the app in a workspace with Bolt's `InstallProvider`. `/install` sends the visitor to Slack, and `/oauth`
 * takes the visitor back. A cookie ties the state to the browser. So nobody can be tricked into finishing an
 * installation that another person began.
 */
export function createInstallPages(deps: InstallDeps) {
  const { oauth, urls, log } = deps;
  const webhookUrl = urls.webhook;
  const options: InstallURLOptions = { scopes: SCOPES, redirectUri: `${webhookUrl}/oauth` };
  const stateStore = createStateStore(oauth.secret, deps.values, options);
  const installer = new InstallProvider({
    clientId: oauth.clientId,
    clientSecret: oauth.clientSecret,
    authorizationUrl: new URL("../oauth/v2/authorize", urls.api).href,
    installationStore: deps.installations,
    stateStore,
    stateCookieName: COOKIE,
    clientOptions: deps.api.clientOptions,
    logger: quietSlackLogger,
  });

  /** Bolt's own cookie lacks `SameSite`, is valid for every path, and cannot be set over http. */
  async function begin(): Promise<WebhookResponse> {
    const state = await stateStore.generateStateParam(options, new Date());
    const url = await installer.generateInstallUrl(options, true, state);
    const secure = webhookUrl.startsWith("https:") ? "; Secure" : "";
    const path = new URL(webhookUrl).pathname;
    const cookie = `${COOKIE}=${state}; Path=${path}; Max-Age=${PATIENCE_SECONDS}; HttpOnly; SameSite=Lax${secure}`;
    return { status: 302, headers: { Location: url, "Set-Cookie": cookie }, body: "" };
  }

  function finish({ url, headers }: RawRequest): Promise<WebhookResponse> {
    // Bolt takes Node's objects. It reads the URL and the cookies, and our callbacks give the page.
    const visit = Object.assign(new IncomingMessage(new Socket()), { url, headers });
    return new Promise((resolve, reject) => {
      const callbacks: CallbackOptions = {
        success(installation) {
          const { team, enterprise } = installation;
          log.info(
            { team: teamOf(installation), name: team?.name ?? enterprise?.name },
            "slack app installed",
          );
          resolve(page(200, "Installed. Write to the app in Slack, or mention it in a channel."));
        },
        failure(error) {
          if (error instanceof SlackOAuthError) return resolve(page(400, NOT_INSTALLED));
          if (error instanceof NotStored) {
            log.error({ err: error.cause }, "an installation of the slack app was not stored");
            return resolve(page(503, NOT_STORED));
          }
          // Slack's errors contain the request, so only the reason is logged.
          log.error({ reason: describeFault(readFault(error)) }, "slack app not installed");
          resolve(page(502, "Slack did not confirm the installation. Begin again."));
        },
      };
      installer.handleCallback(visit, new ServerResponse(visit), callbacks).catch(reject);
    });
  }

  /** The answer to a visit of one of the two pages; null for any other request. */
  return async (request: RawRequest): Promise<Received | null> => {
    if (request.method !== "GET") return null;
    const { pathname } = new URL(request.url, webhookUrl);
    const answered = (response: WebhookResponse): Received => ({ kind: "accepted", events: [], response });
    if (pathname.endsWith("/install")) return answered(await begin());
    if (pathname.endsWith("/oauth")) return answered(await finish(request));
    return null;
  };
}

/**
 * States are signed, so that a visit of `/install` stores nothing. A state finishes one installation, on any process. Its
 * use is remembered for as long as its signature is valid.
 */
function createStateStore(
  secret: string,
  values: Pick<ChannelValues, "add">,
  options: InstallURLOptions,
): StateStore {
  const sign = (nonce: string, expires: string) =>
    createHmac("sha256", secret).update(`slack install:${nonce}:${expires}`).digest("base64url");
  return {
    async generateStateParam(_options, now) {
      const nonce = randomBytes(24).toString("base64url");
      const expires = String(Math.floor(now.getTime() / 1000) + PATIENCE_SECONDS);
      return `${nonce}.${expires}.${sign(nonce, expires)}`;
    },
    async verifyStateParam(now, state) {
      const [nonce = "", expires = "", signature = ""] = state.split(".");
      const isOurs = isSame(sign(nonce, expires), signature) && Number(expires) * 1000 >= now.getTime();
      const lifetime = { expiresInMs: PATIENCE_SECONDS * 1000 };
      const use = () => values.add(`install:${nonce}`, Buffer.alloc(0), lifetime).catch(notStored);
      if (!isOurs || !(await use())) throw new InvalidStateError("the state is not ours, too old, or used");
      return options;
    },
  };
}

const NOT_INSTALLED =
  "Nothing was installed. Slack did not agree, or this browser did not begin the installation in the last ten minutes. " +
  "Begin again.";

const NOT_STORED =
  "Nothing was installed. This service could not store the installation, and Slack is not the cause. Begin again in a moment.";

function notStored(error: unknown): never {
  throw new NotStored("the state of an installation could not be stored", { cause: error });
}

function page(status: number, words: string): WebhookResponse {
  const body = `<!doctype html><meta charset="utf-8"><title>Slack</title><p>${words}</p>\n`;
  return { status, contentType: "text/html; charset=utf-8", headers: { "Cache-Control": "no-store" }, body };
}
