import { z } from "zod";

/** Tools that are part of Causeway. */
export const BUILT_IN_TOOLS = [
  "read_participant_data",
  "update_participant_data",
  "end_session",
  "handoff",
  "schedule_message",
  "list_schedules",
  "change_schedule",
  "cancel_schedule",
  "offer_buttons",
] as const;

const NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/;

const builtInSchema = z.enum(BUILT_IN_TOOLS).describe("A built-in tool.");

const httpToolSchema = z.strictObject({
  name: z
    .string()
    .regex(NAME, "use letters, digits, - and _, at most 64")
    .refine((name) => !BUILT_IN_TOOLS.some((builtIn) => builtIn === name), "is the name of a built-in tool"),
  description: z
    .string()
    .min(1)
    .describe("The purpose of the tool. The model reads it to decide when to call the tool."),
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  url: z
    .string()
    .refine(isUrlTemplate, "write a http(s) URL; {name} may stand in its path and query, not in its host")
    .describe(
      "The input `name`, encoded, replaces `{name}`. Requests go only to this host. Redirects are not followed.",
    ),
  headers: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe('HTTP headers. Write secrets as references: `"$NAME"`.'),
  input: z
    .record(z.string(), z.json())
    .default({ type: "object", properties: {} })
    .describe(
      "JSON Schema of the input. Inputs that the URL does not use go into the query (GET, DELETE) or a JSON body.",
    ),
  timeoutMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(10_000)
    .describe("Time limit for one call, in milliseconds."),
  allowPrivateAddresses: z
    .boolean()
    .default(false)
    .describe("`true` allows a host on this machine or in a private network."),
});

export type HttpToolConfig = z.output<typeof httpToolSchema>;

/** The agent's tools; each name once. */
export const toolsSchema = z
  .array(
    z.union([builtInSchema, httpToolSchema], "write the name of a built-in tool, or an HTTP tool in { }"),
  )
  .superRefine((tools, context) => {
    const names = tools.map((tool) => (typeof tool === "string" ? tool : tool.name));
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index) {
        context.addIssue({ code: "custom", path: [index], message: `there is a tool named ${name} already` });
      }
    }
  });

export type ToolConfig = z.output<typeof toolsSchema>[number];

function isUrlTemplate(url: string): boolean {
  const origin = /^https?:\/\/[^/?#{}\s]+(?=[/?#]|$)/.exec(url)?.[0];
  return origin !== undefined && URL.canParse(url.replaceAll(/[{}]/g, "")) && !new URL(origin).username;
}
