import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { JsonObject } from "../../../core/text/json.ts";
import { mergePatch } from "../../../core/text/merge-patch.ts";
import type {
  NotFound,
  ParticipantData,
  ParticipantRef,
  WriteOutcome,
} from "../../../users/participant-data-repository.ts";
import { type Caller, defineRoute, type Route, type RouteReply } from "../route/route.ts";
import { jsonObjectSchema, keptJsonSchema } from "../route/wire-schemas.ts";
import { userNotFound } from "./users.ts";

export interface ParticipantDataRoutesDeps {
  participantData: {
    read(ref: ParticipantRef): Promise<ParticipantData | NotFound>;
    write(
      ref: ParticipantRef,
      expected: ((revision: number) => boolean) | null,
      change: (data: JsonObject) => JsonObject,
    ): Promise<WriteOutcome>;
  };
}

const params = z.object({
  id: z.string().min(1).describe("The user"),
  agent_id: z.string().min(1).describe("The agent's id or slug"),
});
type Params = z.infer<typeof params>;

const query = z.strictObject({
  session_id: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The session of an anonymous visitor, who has data per session. Default: the open one used last",
    ),
});
type Query = z.infer<typeof query>;

const responses = [
  {
    status: 200,
    description: "The data itself; the header `ETag` names its revision",
    schema: jsonObjectSchema,
  },
] as const;
const errors = [
  { status: 404, code: "user_not_found", when: "there is no such user" },
  { status: 404, code: "agent_not_found", when: "there is no such agent" },
  {
    status: 404,
    code: "session_not_found",
    when: "`session_id` names no open session of the user and agent",
  },
] as const;
const writeErrors = [
  ...errors,
  { status: 409, code: "no_open_session", when: "an anonymous visitor has no open session to keep it for" },
  {
    status: 412,
    code: "precondition_failed",
    when: "`If-Match` names another revision than the present one",
  },
] as const;

const about = { tag: "Users", path: "/users/{id}/data/{agent_id}", params, query } as const;
const guard =
  "With `If-Match` it is written only if nobody wrote since: send the `ETag` that was read, or `*` for any data there is.";

/** Participant data: JSON per user and agent. It survives sessions and resets, except that of anonymous visitors. */
export function participantDataRoutes(deps: ParticipantDataRoutesDeps): Route[] {
  return [readData(deps), mergeData(deps), replaceData(deps)];
}

const readData = ({ participantData }: ParticipantDataRoutesDeps): Route =>
  defineRoute({
    ...about,
    method: "GET",
    operationId: "getParticipantData",
    summary: "Get participant data",
    description: "An empty object if nothing was written yet.",
    scope: "users:read",
    responses,
    errors,
    async handle(context) {
      const found = await participantData.read(refOf(context));
      if (typeof found === "string") throw notFound(found, context.params);
      return dataReply(found);
    },
  });

const mergeData = (deps: ParticipantDataRoutesDeps): Route =>
  defineRoute({
    ...about,
    method: "PATCH",
    operationId: "mergeParticipantData",
    summary: "Merge into participant data",
    description: `A JSON merge patch (RFC 7396): objects merge key by key, \`null\` removes. ${guard}`,
    scope: "users:write",
    body: keptJsonSchema,
    examples: [{ body: { name: "Ada", preferences: { language: "en" }, nickname: null } }],
    responses,
    errors: writeErrors,
    handle: (context) => write(deps, context, (data) => mergePatch(data, context.body)),
  });

const replaceData = (deps: ParticipantDataRoutesDeps): Route =>
  defineRoute({
    ...about,
    method: "PUT",
    operationId: "replaceParticipantData",
    summary: "Replace participant data",
    description: guard,
    scope: "users:write",
    body: keptJsonSchema,
    examples: [{ body: { name: "Ada" } }],
    responses,
    errors: writeErrors,
    handle: (context) => write(deps, context, () => context.body),
  });

async function write(
  { participantData }: ParticipantDataRoutesDeps,
  request: Asked & { headers: Readonly<Record<string, string | undefined>> },
  change: (data: JsonObject) => JsonObject,
): Promise<RouteReply> {
  const ref = refOf(request);
  const outcome = await participantData.write(ref, expectation(request.headers["if-match"]), change);
  switch (outcome.kind) {
    case "written":
      return dataReply(outcome);
    case "changed":
      throw new RequestError(
        412,
        "precondition_failed",
        "The data was changed since you read it. Read it again.",
        {
          details: { etag: etag(outcome.revision) },
          headers: { ETag: etag(outcome.revision) },
        },
      );
    case "no_open_session":
      throw new RequestError(
        409,
        "no_open_session",
        "The data of an anonymous visitor belongs to an open session, and there is none.",
      );
    default:
      throw notFound(outcome.kind, request.params);
  }
}

/** The revisions that `If-Match` accepts. A weak tag matches none, as HTTP defines. */
function expectation(header: string | undefined): ((revision: number) => boolean) | null {
  if (header === undefined) return null;
  const tags = header.split(",").map((tag) => tag.trim());
  return (revision) => (tags.includes("*") && revision > 0) || tags.includes(etag(revision));
}

function etag(revision: number): string {
  return `"${revision}"`;
}

function dataReply({ data, revision }: ParticipantData): RouteReply {
  return { status: 200, body: data, headers: { ETag: etag(revision) } };
}

interface Asked {
  caller: Caller;
  params: Params;
  query: Query;
}

function refOf({ caller, params, query }: Asked): ParticipantRef {
  const { workspaceId } = caller;
  return { workspaceId, userId: params.id, agent: params.agent_id, sessionId: query.session_id ?? null };
}

function notFound(what: NotFound, { id, agent_id: agent }: Params): RequestError {
  switch (what) {
    case "user_not_found":
      return userNotFound(id);
    case "agent_not_found":
      return new RequestError(404, what, `There is no agent ${agent} here.`);
    case "session_not_found":
      return new RequestError(404, what, "The user has no such open session with this agent.");
  }
}
