import { z } from "zod";

const commonShape = {
  tools: z
    .array(z.string().min(1))
    .exactOptional()
    .describe("The tools of the server that the model may call. Default: all."),
  timeoutMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe("Time limit for connecting and for each call, in milliseconds."),
};

const httpServerSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: "write a URL that begins with http:// or https://" })
    .describe(
      "Address of a server with Streamable HTTP. It may be in a private network. Redirects are refused.",
    ),
  headers: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe('HTTP headers. Write secrets as references: `"$NAME"`.'),
  ...commonShape,
});

const stdioServerSchema = z.strictObject({
  command: z
    .string()
    .min(1)
    .describe("A program that the service starts. The two exchange messages through pipes."),
  args: z.array(z.string()).default([]),
  env: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe(
      'More environment variables, besides PATH, HOME and similar ones. Write secrets as references: `"$NAME"`.',
    ),
  cwd: z.string().min(1).exactOptional(),
  ...commonShape,
});

/** MCP servers by name. The name is the prefix of each of their tools (`files_read`). */
export const mcpServersSchema = z.record(
  z.string().regex(/^[a-zA-Z][a-zA-Z0-9-]{0,31}$/, "use letters, digits and -, at most 32"),
  z.union([httpServerSchema, stdioServerSchema], 'write { "url": … } or { "command": … }'),
);

export type McpServerConfig = z.output<typeof httpServerSchema> | z.output<typeof stdioServerSchema>;
