import { Router } from "express";
import { z } from "zod";
import { RequestError } from "../../core/faults/errors.ts";
import { preferredLanguage } from "../../core/session/user-language.ts";
import type { Visitor, VisitorPass } from "../../core/session/visitor.ts";
import { requireRate } from "../server/rate-limit.ts";
import { readBody } from "./read-body.ts";
import { bearerToken, requireChannel, requireVisitor, unauthorized } from "./visitor-auth.ts";
import type { WebChannel, WebDeps } from "./web-deps.ts";
import { TOO_FAST } from "./web-limits.ts";

const bodySchema = z.strictObject({ identity_token: z.string().min(1).max(8192).optional() });

/** `POST /web/{channel}/visitors`: admits a visitor, anonymous or confirmed by the host site. */
export function visitorRoutes(deps: Pick<WebDeps, "site" | "visitors" | "traffic">): Router {
  const router = Router();
  router.post("/web/:channel/visitors", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    requireRate(deps.traffic.limits.visitorsPerAddress, deps.traffic.callerOf(request), TOO_FAST);
    const body = await readBody(request, bodySchema, { optional: true });
    const pass = admit(channel, body.identity_token);
    const visitor = await deps.visitors.admit(
      channel.ref,
      pass,
      preferredLanguage(request.get("accept-language")),
    );
    response.setHeader("Cache-Control", "no-store");
    response.status(201).json(visitorObject(visitor, pass));
  });

  // An anonymous token stays the same. An identified one is exchanged for a token that is valid for longer.
  router.post("/web/:channel/visitors/renew", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const renewed = channel.auth.renew(bearerToken(request) ?? "");
    if (!renewed) throw unauthorized("visitor_token_invalid", "The visitor token cannot be renewed.");
    response.setHeader("Cache-Control", "no-store");
    response.json(visitorObject(visitor, renewed));
  });
  return router;
}

function visitorObject(visitor: Visitor, pass: { token: string; expiresAt: Date | null }) {
  return {
    token: pass.token,
    visitor_id: visitor.id,
    anonymous: visitor.anonymous,
    name: visitor.name,
    expires_at: pass.expiresAt?.toISOString() ?? null,
  };
}

function admit(channel: WebChannel, identityToken: string | undefined): VisitorPass {
  if (identityToken === undefined) return channel.auth.admitAnonymous();
  const admission = channel.auth.admitIdentified(identityToken);
  if (admission.kind === "admitted") return admission.pass;
  throw new RequestError(admission.status, admission.code, admission.message);
}
