import { z } from "zod";
import type { SessionAgents } from "../../../agents/session-agent-repository.ts";
import type { JsonObject } from "../../../core/text/json.ts";
import { storableJson } from "../../../core/text/text.ts";
import type { SessionFilters } from "../../../sessions/session-filters.ts";
import { booleanQuery, jsonObjectSchema, timeSchema, wordsQuery } from "../route/wire-schemas.ts";

const metadataFilter = z.string().transform((text, context): JsonObject => {
  try {
    const parsed = jsonObjectSchema.safeParse(JSON.parse(text));
    // No stored text contains NUL or lone surrogates, and the database refuses to search for them.
    if (parsed.success && storableJson(parsed.data) === JSON.stringify(parsed.data)) return parsed.data;
  } catch {
    // Reported below, like JSON of another kind.
  }
  context.addIssue({ code: "custom", message: 'expected a JSON object, URL-encoded: {"key":"value"}' });
  return z.NEVER;
});

/** The filters of every list of sessions. Spread them into the route's query. */
export const sessionFilterQuery = {
  metadata_filter: metadataFilter
    .optional()
    .describe('A JSON object that the metadata must contain, deep and typed: `{"n":"1"}` does not match 1'),
  agent_id: z.string().min(1).optional().describe("Id or slug"),
  user_id: z.string().min(1).optional(),
  channel: z.string().min(1).optional(),
  status: z.enum(["active", "completed"]).optional(),
  handoff: z
    .enum(["none", "open", "requested", "taken"])
    .optional()
    .describe("Whether a person answers: `open` is `requested` or `taken`"),
  q: wordsQuery
    .optional()
    .describe('Words in the messages. All of them must occur; `"two words"` is a phrase, `-word` excludes'),
  trouble: booleanQuery
    .optional()
    .describe("`true`: a turn or a delivery failed, or a delivery waits for an operator's finding"),
  since: timeSchema.optional().describe("Changed at this time or later: RFC 3339"),
  until: timeSchema.optional().describe("Last changed before this time: RFC 3339"),
};

const schema = z.strictObject(sessionFilterQuery);

/** The filters of a query, with the agent's id in place of its slug. */
export async function sessionFilters(
  agents: Pick<SessionAgents, "find">,
  workspaceId: string,
  query: z.output<typeof schema>,
): Promise<SessionFilters> {
  const agentId = query.agent_id && (await agents.find(workspaceId, query.agent_id))?.id;
  return {
    metadata: query.metadata_filter,
    // An unknown agent has no sessions.
    agentId: agentId ?? query.agent_id,
    userId: query.user_id,
    channel: query.channel,
    status: query.status,
    handoff: query.handoff,
    words: query.q,
    trouble: query.trouble,
    since: query.since,
    until: query.until,
  };
}
