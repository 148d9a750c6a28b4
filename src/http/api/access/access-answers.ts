import { z } from "zod";
import { readCode } from "../../../access/access-code.ts";
import type { AccessQueries } from "../../../access/access-queries-repository.ts";
import type { Answer } from "../../../access/decide-access.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Admissions, Answered } from "../../../ingest/admissions-repository.ts";
import { type RateLimit, requireRate } from "../../server/rate-limit.ts";
import { type Caller, defineRoute, type Route, type RouteReply } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { accessRequestSchema, deciderOf, toAccessRequest } from "./access-resource.ts";

export interface AccessAnswerDeps {
  access: Pick<AccessQueries, "request" | "nameOfKey">;
  admissions: Admissions;
  /** Limits how many access codes one key may try. */
  codeRate: RateLimit;
}

export const REQUEST_NOT_FOUND = {
  status: 404,
  code: "access_request_not_found",
  when: "there is no such request, or it was forgotten",
} as const;
const EXPIRED = {
  status: 409,
  code: "access_request_expired",
  when: "its time is over: the person who asked must write again",
} as const;
const DECIDED = {
  status: 409,
  code: "access_request_decided",
  when: "another answer was given before; `details.state` is that answer",
} as const;

const emptyBody = z.strictObject({});
const codeBody = z.strictObject({
  code: z.string().min(1).max(64).describe("The code, in any case, also with spaces or dashes"),
});
const answered = [{ status: 200, description: "The request", schema: accessRequestSchema }] as const;

/** Answers to requests for access. */
export function accessAnswerRoutes(deps: AccessAnswerDeps): Route[] {
  async function answer(
    caller: Caller,
    named: { id: string } | { code: string },
    as: Answer,
  ): Promise<RouteReply> {
    const { workspaceId } = caller;
    const by = deciderOf(caller, await deps.access.nameOfKey(caller.keyId));
    const outcome = await deps.admissions.answer(workspaceId, named, as, by);
    if (outcome.kind === "unknown") throw notFound();
    if (outcome.kind === "expired" || outcome.kind === "decided") throw refusedError(outcome);
    const request = await deps.access.request(workspaceId, outcome.requestId);
    if (request === null) throw notFound();
    return { status: 200, body: toAccessRequest(request) };
  }

  return [
    defineRoute({
      method: "POST",
      path: "/access_requests/approve",
      operationId: "approveAccessCode",
      summary: "Let in the person who shows a code",
      description:
        "The messages that waited are answered now. The same call again gets the same answer. A key may try 20 codes a minute.",
      tag: "Access",
      scope: "access:write",
      body: codeBody,
      examples: [{ body: { code: "K7PX-2QWM" } }],
      responses: answered,
      errors: [REQUEST_NOT_FOUND, EXPIRED, DECIDED],
      async handle({ caller, body }) {
        requireRate(deps.codeRate, caller.keyId, "Too many codes. Try again later.");
        const code = readCode(body.code);
        if (code === null) throw notFound();
        return answer(caller, { code }, "approved");
      },
    }),
    defineRoute({
      method: "POST",
      path: "/access_requests/{id}/approve",
      operationId: "approveAccessRequest",
      summary: "Let somebody in",
      description: "The messages that waited are answered now. The same call again gets the same answer.",
      tag: "Access",
      scope: "access:write",
      params: idParams,
      body: emptyBody.optional(),
      responses: answered,
      errors: [REQUEST_NOT_FOUND, EXPIRED, DECIDED],
      handle: ({ caller, params }) => answer(caller, { id: params.id }, "approved"),
    }),
    defineRoute({
      method: "POST",
      path: "/access_requests/{id}/deny",
      operationId: "denyAccessRequest",
      summary: "Do not let somebody in",
      description: "The messages that waited are deleted. For a day, nothing more of this person is kept.",
      tag: "Access",
      scope: "access:write",
      params: idParams,
      body: emptyBody.optional(),
      responses: answered,
      errors: [REQUEST_NOT_FOUND, EXPIRED, DECIDED],
      handle: ({ caller, params }) => answer(caller, { id: params.id }, "denied"),
    }),
  ];
}

/** Returns the same error for every unknown code, so that nobody learns which code almost matched. */
export function notFound(): RequestError {
  return new RequestError(404, "access_request_not_found", "There is no such access request here.");
}

function refusedError(outcome: Extract<Answered, { kind: "expired" | "decided" }>): RequestError {
  if (outcome.kind === "expired") {
    const message = "The time of this request is over. Whoever asked gets a new code when they write again.";
    return new RequestError(409, "access_request_expired", message);
  }
  const { state } = outcome;
  const message = `This request was ${state} before. To change that, ${
    state === "approved" ? "delete the access grant" : "invite the person"
  }.`;
  return new RequestError(409, "access_request_decided", message, { details: { state } });
}
