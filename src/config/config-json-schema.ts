import { agentSchema } from "./agent-schema.ts";
import { channelCommonSchema, configFileSchema, missingKinds, type Registries } from "./config-file.ts";
import { deskSchema } from "./handoff-schema.ts";
import { inputSchema, type SchemaNode } from "./schema-node.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const REFERENCE: SchemaNode = { type: "string", pattern: "^\\$[A-Za-z_][A-Za-z0-9_]*$" };
/** Keywords that restrict a text so much that `"$NAME"` may not pass. */
const NARROWING = ["enum", "format", "pattern", "minLength", "maxLength", "contentEncoding"];

/** JSON Schema of a configuration file for editors, generated from the schemas that check it. */
export function configJsonSchema({ bots, channels }: Registries): SchemaNode {
  const shell = inputSchema(configFileSchema);
  const common = inputSchema(channelCommonSchema);
  const agent = inputSchema(agentSchema);
  const types = Object.values(bots).map(({ type, configSchema }) =>
    withKeys(inputSchema(configSchema), { type: { const: type } }, ["type"]),
  );
  const bot = { description: "The bot that answers.", oneOf: types };
  const agentNode = withReferences(withKeys(agent, { bot }, ["bot"]));
  const kinds = [...Object.keys(channels), ...missingKinds(channels)];
  const channelNode: SchemaNode = {
    type: "object",
    properties: { ...common.properties, kind: { ...common.properties?.kind, enum: kinds } },
    required: ["kind", "agent"],
    // A disabled channel is not checked, so that a file can contain one that is completed later.
    // A simulated channel gets what is missing.
    if: {
      anyOf: [
        { properties: { enabled: { const: false } }, required: ["enabled"] },
        { properties: { simulate: { const: true } }, required: ["simulate"] },
      ],
    },
    else: {
      properties: { kind: { enum: Object.keys(channels) } },
      allOf: Object.values(channels).map(({ kind, configSchema }) => ({
        if: { properties: { kind: { const: kind } } },
        // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema, not a promise
        then: withReferences(withKeys(inputSchema(configSchema), common.properties ?? {}, [])),
      })),
    },
  };
  return {
    $schema: DIALECT,
    title: "Causeway configuration",
    description: 'A text "$NAME" is read from the environment variable NAME; "$$NAME" is the text $NAME.',
    ...withKeys(
      shell,
      {
        agents: { ...shell.properties?.agents, additionalProperties: agentNode },
        channels: { ...shell.properties?.channels, additionalProperties: channelNode },
        desks: { ...shell.properties?.desks, additionalProperties: withReferences(inputSchema(deskSchema)) },
      },
      [],
    ),
  };
}

/** Returns the schema with more keys. Adds them to every branch if there are several. */
export function withKeys(
  node: SchemaNode,
  added: Record<string, SchemaNode>,
  required: readonly string[],
): SchemaNode {
  const inBranches = (branches: readonly SchemaNode[]): SchemaNode[] =>
    branches.map((branch) => withKeys(branch, added, required));
  if (node.anyOf !== undefined) return { ...node, anyOf: inBranches(node.anyOf) };
  if (node.oneOf !== undefined) return { ...node, oneOf: inBranches(node.oneOf) };
  const { properties = {}, required: before = [], ...rest } = node;
  return { ...rest, properties: { ...added, ...properties, ...added }, required: [...required, ...before] };
}

/** Accepts `"$NAME"` in place of every text. */
function withReferences(node: SchemaNode): SchemaNode {
  if (node.type === "string" && NARROWING.some((keyword) => node[keyword] !== undefined)) {
    const { description, default: fallback, ...rule } = node;
    const about = {
      ...(description && { description }),
      ...(fallback !== undefined && { default: fallback }),
    };
    return { ...about, anyOf: [rule, REFERENCE] };
  }
  const changed: SchemaNode = { ...node };
  if (node.properties !== undefined) {
    changed.properties = Object.fromEntries(
      Object.entries(node.properties).map(([key, property]) => [key, withReferences(property)]),
    );
  }
  if (typeof node.additionalProperties === "object") {
    changed.additionalProperties = withReferences(node.additionalProperties);
  }
  if (node.items !== undefined) changed.items = withReferences(node.items);
  for (const keyword of ["anyOf", "oneOf", "allOf"] as const) {
    if (node[keyword] !== undefined) changed[keyword] = node[keyword].map(withReferences);
  }
  return changed;
}
