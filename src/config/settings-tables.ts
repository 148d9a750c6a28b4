import { agentSchema } from "./agent-schema.ts";
import { channelCommonSchema, configFileSchema, type Registries } from "./config-file.ts";
import { withKeys } from "./config-json-schema.ts";
import { variables } from "./env.ts";
import { deskSchema } from "./handoff-schema.ts";
import { inputSchema, type SchemaNode } from "./schema-node.ts";

/** The table of environment variables in Markdown, generated from the definitions that check them. */
export function environmentTable(): string {
  return table(["variable", "default", "meaning"], environmentRows());
}

/** The tables of the configuration file's keys in Markdown, generated from the schemas that check them. */
export function configTables({ bots, channels }: Registries): string {
  const bot = {
    type: "object",
    description: "The bot that answers. `type` selects it, and the other keys are its settings.",
  };
  const agent = withKeys(inputSchema(agentSchema), { bot }, ["bot"]);
  return [
    "## The file",
    keyTable(inputSchema(configFileSchema)),
    "## An agent: `agents.<name>`",
    keyTable(agent),
    ...Object.values(bots).flatMap(({ type, configSchema }) => [
      `### \`"bot": { "type": "${type}" }\``,
      keyTable(inputSchema(configSchema)),
    ]),
    "## A channel: `channels.<name>`",
    keyTable(inputSchema(channelCommonSchema)),
    ...Object.values(channels).flatMap(({ kind, configSchema }) =>
      variantsOf(inputSchema(configSchema)).flatMap(({ fixed, node }) => [
        `### \`"kind": "${kind}"${fixed}\``,
        keyTable(node),
      ]),
    ),
    "## A desk: `desks.<name>`",
    keyTable(inputSchema(deskSchema)),
  ].join("\n\n");
}

/** The example name that the pages use. */
const PLACEHOLDER = "NAME";

/**
 * Generates `.env.example` with every variable, commented out. Then follow those of the shipped configuration file and
 * of the pages.
 */
export function envExample(referenced: readonly string[], documented: readonly string[]): string {
  const own = Object.entries(variables).map(
    ([name, { doc, default: value, unset }]) =>
      `# ${doc}${unset === undefined ? "" : ` Unset: ${unset}.`}\n# ${name}=${value ?? ""}\n`,
  );
  const known = new Set([...Object.keys(variables), ...referenced, PLACEHOLDER]);
  const list = (names: readonly string[]) => names.map((name) => `# ${name}=\n`).join("");
  const shipped = `# Read by channels.config.json, each only once its channel is switched on.\n${list(referenced)}`;
  const others = `# Names that the pages use for what else channels and bots need.\n${list(documented.filter((name) => !known.has(name)))}`;
  return `${own.join("\n")}\n${shipped}\n${others}`;
}

function environmentRows(): string[][] {
  return Object.entries(variables).map(([name, { doc, default: value, unset }]) => [
    `\`${name}\``,
    value === null ? (unset ?? "unset") : `\`${value}\``,
    doc,
  ]);
}

/**
 * Returns one schema for each value of a key that decides about other keys (`provider`). Returns the whole schema if
 * there is no such key.
 */
function variantsOf(node: SchemaNode): { fixed: string; node: SchemaNode }[] {
  const branches = node.oneOf ?? [];
  if (branches.length === 0) return [{ fixed: "", node }];
  return branches.map((branch) => {
    const [key, property] =
      Object.entries(branch.properties ?? {}).find(([, { const: one }]) => one !== undefined) ?? [];
    return { fixed: key === undefined ? "" : `, "${key}": ${JSON.stringify(property?.const)}`, node: branch };
  });
}

function keyTable(node: SchemaNode): string {
  const rows = keyRows(node, "");
  return rows.length === 0 ? "No keys of its own." : table(["key", "type", "default", "meaning"], rows);
}

/** Returns one row per key. The keys of a nested object follow with a dotted path. */
function keyRows(node: SchemaNode, prefix: string): string[][] {
  const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  if (branches.length > 0) return mergedRows(branches.map((branch) => keyRows(branch, prefix)));
  return Object.entries(node.properties ?? {}).flatMap(([key, property]) => {
    const path = `${prefix}${key}`;
    const fallback = node.required?.includes(key) ? "required" : defaultText(property);
    const row = [`\`${path}\``, typeText(property), fallback, property.description ?? ""];
    const inner =
      property.items ??
      (typeof property.additionalProperties === "object" ? property.additionalProperties : null);
    const inside = property.items === undefined ? ".<name>." : "[].";
    return [
      row,
      ...keyRows(property, `${path}.`),
      ...(inner === null ? [] : keyRows(inner, `${path}${inside}`)),
    ];
  });
}

/** Merges the rows of several branches, one per key. A key is required only if every branch requires it. */
function mergedRows(branches: readonly string[][][]): string[][] {
  const keys = [...new Set(branches.flat().map(([key = ""]) => key))];
  return keys.map((key) => {
    const rows = branches.flatMap((branch) => branch.filter((row) => row[0] === key));
    const types = new Set(rows.map(([, type = ""]) => type));
    const fallbacks = new Set(rows.map(([, , fallback = ""]) => fallback));
    const everywhere = rows.length === branches.length && fallbacks.size === 1;
    const [fallback = ""] = fallbacks;
    const shown = everywhere || fallback !== "required" ? fallback : "";
    return [key, [...types].join(", "), shown, rows.find((row) => row[3] !== "")?.[3] ?? ""];
  });
}

function typeText(node: SchemaNode): string {
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined) return node.enum.map(code).join(", ");
  const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  if (branches.length > 0) return [...new Set(branches.map(typeText))].join(" or ");
  if (node.type === "array") return `list of ${node.items === undefined ? "anything" : typeText(node.items)}`;
  const types = [node.type ?? "anything"].flat();
  return types.map((type) => (type === "string" ? "text" : type)).join(" or ");
}

function defaultText(node: SchemaNode): string {
  if (node.default === undefined) return "";
  if (typeof node.default === "object" && Object.keys(node.default ?? {}).length === 0) return "";
  return code(node.default);
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
