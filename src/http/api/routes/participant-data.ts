import { z } from "zod";
import { RequestError } from "../../../core/errors.ts";
import type { JsonObject } from "../../../core/json.ts";
import { mergePatch } from "../../../core/merge-patch.ts";
import type {
  ParticipantData,
  ParticipantRef,
  WriteOutcome,
} from "../../../users/participant-data-repository.ts";
import { type Caller, defineRoute, type Route, type RouteReply } from "../route.ts";
import { jsonObjectSchema } from "../wire-schemas.ts";
import { userNotFound } from "./users.ts";

export interface ParticipantDataRoutesDeps {
  participantData: {
    read(ref: ParticipantRef): Promise<ParticipantData | "user_not_found" | "agent_not_found">;
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
] as const;
const writeErrors = [
  ...errors,
  {
    status: 412,
    code: "precondition_failed",
    when: "`If-Match` names another revision than the present one",
  },
] as const;

const about = { tag: "Users", path: "/users/{id}/data/{agent_id}", params } as const;
const guard =
  "With `If-Match` it is written only if nobody wrote since: send the `ETag` that was read, or `*` for any data there is.";

/** Participant data: JSON per user and agent that outlives sessions and resets. */
export function participantDataRoutes(deps: ParticipantDataRoutesDeps): Route[] {
  return [readData(deps), mergeData(deps), replaceData(deps)];
}

const readData = ({ participantData }: ParticipantDataRoutesDeps): Route =>
  defineRoute({
    ...about,
    method: "GET",
    operationId: "getParticipantData",
    summary: "Get participant data",
    description: "An empty object where nothing was written yet.",
    scope: "users:read",
    responses,
    errors,
    async handle(context) {
      const found = await participantData.read(refOf(context.caller, context.params));
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
    body: jsonObjectSchema,
    examples: [{ body: { name: "Ada", preferences: { language: "en" }, nickname: null } }],
    responses,
    errors: writeErrors,
    handle: ({ caller, params, headers, body }) =>
      write(deps, { caller, params, headers }, (data) => mergePatch(data, body)),
  });

const replaceData = (deps: ParticipantDataRoutesDeps): Route =>
  defineRoute({
    ...about,
    method: "PUT",
    operationId: "replaceParticipantData",
    summary: "Replace participant data",
    description: guard,
    scope: "users:write",
    body: jsonObjectSchema,
    examples: [{ body: { name: "Ada" } }],
    responses,
    errors: writeErrors,
    handle: ({ caller, params, headers, body }) => write(deps, { caller, params, headers }, () => body),
  });

async function write(
  { participantData }: ParticipantDataRoutesDeps,
  request: { caller: Caller; params: Params; headers: Readonly<Record<string, string | undefined>> },
  change: (data: JsonObject) => JsonObject,
): Promise<RouteReply> {
  const ref = refOf(request.caller, request.params);
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
    default:
      throw notFound(outcome.kind, request.params);
  }
}

/** Which revisions `If-Match` lets through. A weak tag matches none, as HTTP has it. */
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

function refOf(caller: Caller, { id, agent_id: agent }: Params): ParticipantRef {
  return { workspaceId: caller.workspaceId, userId: id, agent };
}

function notFound(what: "user_not_found" | "agent_not_found", { id, agent_id: agent }: Params): RequestError {
  if (what === "user_not_found") return userNotFound(id);
  return new RequestError(404, what, `There is no agent ${agent} here.`);
}
