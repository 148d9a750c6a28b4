import { hash } from "node:crypto";
import type { Request, Response } from "express";
import { Router } from "express";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Logger } from "../../../core/process/logger.ts";
import { readBytes } from "../../bodies/read-bytes.ts";
import type { Attempts } from "../../server/attempts.ts";
import type { CallerOf } from "../../server/caller-address.ts";
import { requestIdOf } from "../../server/request-id.ts";
import { consoleCookie, isSecure } from "../route/console-cookie.ts";
import { begunLogin, consolePath, oidcCookie } from "./oidc-cookie.ts";
import type { OidcProvider } from "./oidc-provider.ts";
import type { OidcSignIn } from "./oidc-sign-in.ts";

export interface OidcRoutesDeps {
  /** Null: OpenID Connect is not configured. */
  provider: OidcProvider | null;
  people: OidcSignIn;
  publicUrl: { url: string; isPublic: boolean };
  limits: {
    callerOf: CallerOf;
    attempts: Attempts;
    /** Throws if an address begins or ends too many sign-ins, as each one asks the provider. */
    visit(request: Request): void;
  };
  log: Logger;
}

const LOGOUT_LIMIT = 64 * 1024;

/** `/console/oidc`: sign-in with OpenID Connect. The browser follows it; programs have API keys. */
export function oidcRoutes(deps: OidcRoutesDeps): Router {
  const { provider } = deps;
  const router = Router();
  router.use((_request, response, next) => {
    response.set({ "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" });
    next();
  });
  router.get("/", (_request, response) => {
    response.json({ provider: provider?.host ?? null });
  });
  router.get("/start", (request, response) => begin(deps, request, response));
  router.get("/callback", (request, response) => finish(deps, request, response));
  router.post("/logout", (request, response) => logOut(deps, request, response));
  return router;
}

/** Sends the browser to the provider. */
async function begin(deps: OidcRoutesDeps, request: Request, response: Response): Promise<void> {
  const provider = requireProvider(deps);
  const to = consolePath(String(request.query["to"] ?? ""));
  deps.limits.visit(request);
  try {
    const { url, login } = await provider.begin(redirectUri(deps, request));
    response.append("Set-Cookie", oidcCookie({ ...login, to }, secureFor(deps, request)));
    response.redirect(302, url.href);
  } catch (error) {
    failed(deps, request, response, error);
  }
}

/** Takes the browser back from the provider, and signs the person in. */
async function finish(deps: OidcRoutesDeps, request: Request, response: Response): Promise<void> {
  const provider = requireProvider(deps);
  const { attempts, callerOf, visit } = deps.limits;
  const login = begunLogin(request.headers.cookie);
  response.append("Set-Cookie", oidcCookie(null, secureFor(deps, request)));
  if (login === null) return void failed(deps, request, response, new Error("no sign-in was begun here"));
  // Anybody can make the cookie of a begun sign-in.
  visit(request);
  const returned = new URL(redirectUri(deps, request));
  returned.search = new URL(request.originalUrl, "http://localhost").search;
  const address = callerOf(request);
  try {
    const person = await attempts.check(address, hash("sha256", returned.search), () =>
      provider.finish(returned, login),
    );
    const signedIn =
      person && (await deps.people.signIn(person, { address, requestId: requestIdOf(response) }));
    if (!signedIn) return void noRole(deps, request, response);
    response.append("Set-Cookie", consoleCookie(signedIn.token, secureFor(deps, request)));
    response.redirect(302, login.to);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    failed(deps, request, response, error);
  }
}

/** Ends the console sessions of a person, at the request of the provider. */
async function logOut(deps: OidcRoutesDeps, request: Request, response: Response): Promise<void> {
  const provider = requireProvider(deps);
  const { attempts, callerOf } = deps.limits;
  const form = new URLSearchParams((await readBytes(request, LOGOUT_LIMIT)).toString("utf8"));
  const token = form.get("logout_token") ?? "";
  const ended = await attempts.check(callerOf(request), hash("sha256", token), () =>
    provider.readLogout(token),
  );
  if (ended === null) {
    throw new RequestError(400, "invalid_logout_token", "This is no logout token of the provider.");
  }
  await deps.people.signOut(ended);
  response.status(200).end();
}

/** The provider sends the browser back here. It must be registered there. */
function redirectUri({ publicUrl }: OidcRoutesDeps, { headers }: Request): string {
  const base = publicUrl.isPublic ? publicUrl.url : `http://${headers.host ?? "localhost"}`;
  return `${base}/console/oidc/callback`;
}

function secureFor({ publicUrl }: OidcRoutesDeps, { headers }: Request): { secure: boolean } {
  return { secure: isSecure(headers.host, publicUrl) };
}

/** The provider's reasons can contain anything, so the page gets a code, and the log the reason. */
function failed(deps: OidcRoutesDeps, request: Request, response: Response, error: unknown): void {
  deps.log.warn(
    { err: error, address: deps.limits.callerOf(request), by: "oidc" },
    "a sign-in to the console failed",
  );
  response.redirect(302, "/console#sign-in=failed");
}

function noRole(deps: OidcRoutesDeps, request: Request, response: Response): void {
  deps.log.warn(
    { address: deps.limits.callerOf(request), by: "oidc" },
    "a person without a role tried to sign in",
  );
  response.redirect(302, "/console#sign-in=no-role");
}

function requireProvider({ provider }: OidcRoutesDeps): OidcProvider {
  if (provider !== null) return provider;
  throw new RequestError(404, "oidc_not_configured", "OpenID Connect is not configured here.");
}
