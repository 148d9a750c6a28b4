import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { PageRequest, Slice } from "../../../core/page.ts";
import type { ApiKey } from "../../../keys/key-repository.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route, SCOPES, type Scope } from "../route/route.ts";
import { idParams, idSchema, listSchema, timestampSchema } from "../route/wire-schemas.ts";

export interface KeyRoutesDeps {
  keys: {
    create(key: {
      id: string;
      workspaceId: string;
      name: string;
      scopes: readonly Scope[];
      secret: string;
    }): Promise<ApiKey>;
    list(workspaceId: string, page: PageRequest): Promise<Slice<ApiKey>>;
    get(workspaceId: string, id: string): Promise<ApiKey | null>;
    remove(workspaceId: string, id: string): Promise<boolean>;
  };
  newSecret(): string;
  /** The key is revoked, so every process must reject it from now on. */
  onRevoked(keyId: string): void;
}

const keyFields = {
  id: idSchema,
  workspace_id: idSchema,
  name: z.string(),
  prefix: z.string().describe("The first characters of the secret, to recognise it by"),
  scopes: z.array(z.enum(SCOPES)),
  operator: z.boolean().describe("The key of the settings; only the settings take it away"),
  created_at: timestampSchema,
  last_used_at: timestampSchema.nullable().describe("To the minute"),
};
/** Names the rights of a scope that its name does not show. */
const SCOPES_EXPLAINED =
  "`admin` may do everything. `sessions:read` and `sessions:write` include the participant data of a session's user, " +
  "and `trigger:write` can set it: neither needs `users:read` or `users:write` for that. `sessions:read` also shows " +
  "agents' definitions, with their prompts.";

const keySchema = z.object(keyFields).meta({ id: "ApiKey" });
const newKeySchema = z
  .object({ ...keyFields, secret: z.string().describe("Shown only here: keep it now") })
  .meta({ id: "NewApiKey" });

const createBody = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(z.enum(SCOPES)).min(1).describe(SCOPES_EXPLAINED),
});

/** `/api_keys`: the holder of an `admin` key creates, lists and revokes keys. */
export function keyRoutes(deps: KeyRoutesDeps): Route[] {
  return [createKey(deps), listKeys(deps), deleteKey(deps)];
}

const createKey = ({ keys, newSecret }: KeyRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/api_keys",
    operationId: "createApiKey",
    summary: "Create an API key",
    description: "The secret is in this answer and nowhere else; only its hash is kept.",
    tag: "API keys",
    scope: "admin",
    body: createBody,
    examples: [{ body: { name: "Reporting", scopes: ["sessions:read", "users:read"] } }],
    responses: [{ status: 201, description: "The key, with its secret", schema: newKeySchema }],
    async handle({ caller, body, resourceId }) {
      const secret = newSecret();
      const scopes = [...new Set(body.scopes)];
      const { workspaceId } = caller;
      const key = await keys.create({ id: resourceId, workspaceId, name: body.name, scopes, secret });
      const change = { after: rightsOf(key) };
      return { status: 201, body: { ...presentKey(key), secret }, change };
    },
  });

const listKeys = ({ keys }: KeyRoutesDeps): Route =>
  defineRoute({
    method: "GET",
    path: "/api_keys",
    operationId: "listApiKeys",
    summary: "List API keys",
    tag: "API keys",
    scope: "admin",
    query: z.strictObject(pageQuery),
    responses: [{ status: 200, description: "Keys, newest first", schema: listSchema(keySchema) }],
    async handle({ caller, query }) {
      return listReply(await keys.list(caller.workspaceId, pageRequest(query)), query, presentKey);
    },
  });

const deleteKey = ({ keys, onRevoked }: KeyRoutesDeps): Route =>
  defineRoute({
    method: "DELETE",
    path: "/api_keys/{id}",
    operationId: "deleteApiKey",
    summary: "Revoke an API key",
    description: "It stops working at once, on every process.",
    tag: "API keys",
    scope: "admin",
    params: idParams,
    responses: [{ status: 204, description: "Revoked", schema: null }],
    errors: [
      { status: 404, code: "api_key_not_found", when: "there is no such key" },
      { status: 409, code: "operator_key", when: "it is the key of the settings" },
    ],
    async handle({ caller, params }) {
      const key = await keys.get(caller.workspaceId, params.id);
      if (await keys.remove(caller.workspaceId, params.id)) {
        onRevoked(params.id);
        return { status: 204, ...(key ? { change: { before: rightsOf(key) } } : {}) };
      }
      if (key) {
        const message =
          "This is the operator key of the settings. Change CAUSEWAY_API_KEY and restart instead.";
        throw new RequestError(409, "operator_key", message);
      }
      throw new RequestError(404, "api_key_not_found", `There is no API key ${params.id} here.`);
    },
  });

const rightsOf = ({ name, scopes }: ApiKey) => ({ name, scopes });

function presentKey(key: ApiKey) {
  return {
    id: key.id,
    workspace_id: key.workspaceId,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    operator: key.operator,
    created_at: key.createdAt,
    last_used_at: key.lastUsedAt,
  };
}
