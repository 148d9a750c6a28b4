import type { Request, Response } from "express";
import type { z } from "zod";
import { requestProblems } from "../../core/faults/request-problems.ts";
import { refused } from "./refused.ts";

const MOST_BYTES = 32 * 1024 * 1024;

/** Reads and checks a JSON body. Null: it was refused, and the answer is written. */
export async function readJson<T>(
  request: Request,
  response: Response,
  schema: z.ZodType<T>,
): Promise<T | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MOST_BYTES) chunks.push(chunk);
  }
  if (length > MOST_BYTES) return refusal(413, "body_too_large", "The body is longer than 32 MiB.");
  const text = Buffer.concat(chunks).toString("utf8");
  const isJson = /^application\/json\b/i.test(request.get("content-type") ?? "");
  if (text !== "" && !isJson)
    return refusal(415, "not_json", "The simulator reads JSON only: send Content-Type: application/json.");
  let body: unknown;
  try {
    body = text === "" ? {} : JSON.parse(text);
  } catch {
    return refusal(400, "malformed_json", "The body is not valid JSON.");
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = requestProblems(parsed.error.issues);
  const words = problems
    .map(({ path, problem }) => (path === "" ? problem : `${path} ${problem}`))
    .join("; ");
  return refusal(422, "invalid_body", words, problems);

  function refusal(status: number, code: string, message: string, details?: unknown): null {
    refused(response, status, code, message, details);
    return null;
  }
}
