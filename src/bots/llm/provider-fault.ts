import { APICallError } from "ai";
import { z } from "zod";
import { parseJson } from "../../core/text/json.ts";

/** A provider's error, in whatever form it was reported. */
export interface ProviderFault {
  /** The HTTP status; null if there was none, or the error came inside a stream. */
  status: number | null;
  /** The provider's own code or type (`context_length_exceeded`), empty if it gave none. */
  code: string;
  message: string;
  /** Header names in lower case. */
  headers: Record<string, string>;
  /** True if no connection could be made. */
  unreachable: boolean;
}

const bodySchema = z.object({
  message: z.string().default(""),
  code: z.union([z.string(), z.number()]).nullish(),
  type: z.string().nullish(),
});
const faultSchema = z.union([z.object({ error: bodySchema }).transform(({ error }) => error), bodySchema]);

/** Reads any error that a provider package throws or puts into its stream. */
export function readFault(error: unknown): ProviderFault {
  if (!APICallError.isInstance(error))
    return { ...readBody(error), status: null, headers: {}, unreachable: false };
  const body = readBody(error.data ?? parseJson(error.responseBody ?? "null"));
  return {
    ...body,
    message: body.message || error.message,
    // A stream that broke after a good start is reported with its status 200.
    status: error.statusCode !== undefined && error.statusCode >= 400 ? error.statusCode : null,
    headers: error.responseHeaders ?? {},
    unreachable: error.statusCode === undefined,
  };
}

function readBody(value: unknown): { code: string; message: string } {
  if (typeof value === "string") return { code: "", message: value };
  const body = faultSchema.safeParse(value).data;
  // `fetch` reports only "terminated"; the cause contains the error of the connection.
  const cause = value instanceof Error && value.cause instanceof Error ? `: ${value.cause.message}` : "";
  return { code: String(body?.code ?? body?.type ?? ""), message: `${body?.message ?? ""}${cause}` };
}
