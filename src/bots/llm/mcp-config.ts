import { z } from "zod";

const commonShape = {
  tools: z
    .array(z.string().min(1))
    .exactOptional()
    .describe("The only tools of the server that the model may call. Default: all."),
  timeoutMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe("How long connecting or one call may take, in milliseconds."),
};

const httpServerSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: "write a URL that begins with http:// or https://" })
    .describe(
      "Streamable HTTP. It may be in a private network: the address is yours. Redirects are refused.",
    ),
  headers: z.record(z.string().min(1), z.string()).default({}).describe('Secrets by reference: `"$NAME"`.'),
  ...commonShape,
});

const stdioServerSchema = z.strictObject({
  command: z
    .string()
    .min(1)
    .describe("A program that is started beside the service and spoken to by its pipes."),
  args: z.array(z.string()).default([]),
  env: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe('Its environment besides PATH, HOME and the like. Secrets by reference: `"$NAME"`.'),
  cwd: z.string().min(1).exactOptional(),
  ...commonShape,
});

/** MCP servers by name; the name stands before each of their tools' (`files_read`). */
export const mcpServersSchema = z.record(
  z.string().regex(/^[a-zA-Z][a-zA-Z0-9-]{0,31}$/, "use letters, digits and -, at most 32"),
  z.union([httpServerSchema, stdioServerSchema], 'write { "url": … } or { "command": … }'),
);

export type McpServerConfig = z.output<typeof httpServerSchema> | z.output<typeof stdioServerSchema>;
