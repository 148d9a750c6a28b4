import type { Request } from "express";
import { readMultipart } from "./multipart.ts";

/** A call of the bot, with its parameters in one object, wherever they stood. */
export interface ApiCall {
  method: string;
  /** Path and query. */
  url: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  payload: Record<string, unknown>;
  files: Map<string, { name: string; contentType: string; bytes: Buffer }>;
  body: Buffer;
  /** Aborts when the caller has gone. */
  gone: AbortSignal;
}

const MOST_BYTES = 50 * 1024 * 1024;

/** Reads a call; null if its body is too long or no JSON, form or multipart. */
export async function readCall(request: Request, gone: AbortSignal): Promise<ApiCall | null> {
  const body = await readBody(request);
  const headers = headersOf(request.headers);
  const query = new URLSearchParams(request.originalUrl.split("?", 2)[1] ?? "");
  const call = { method: request.method, url: request.originalUrl, query, headers, gone };
  if (body === null) return null;
  const read = parametersIn(headers["content-type"] ?? "", body);
  if (read === null) return null;
  return { ...call, body, payload: { ...Object.fromEntries(query), ...read.payload }, files: read.files };
}

async function readBody(request: Request): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MOST_BYTES) chunks.push(chunk);
  }
  return length > MOST_BYTES ? null : Buffer.concat(chunks);
}

function parametersIn(type: string, body: Buffer): Pick<ApiCall, "payload" | "files"> | null {
  const files: ApiCall["files"] = new Map();
  const payload: Record<string, unknown> = {};
  if (body.length === 0) return { payload, files };
  try {
    if (type.startsWith("multipart/form-data")) {
      const parts = readMultipart(type, body);
      for (const { name, filename, contentType, bytes } of parts ?? []) {
        if (filename === null) payload[name] = bytes.toString("utf8");
        else
          files.set(name, { name: filename, contentType: contentType || "application/octet-stream", bytes });
      }
      return parts && { payload, files };
    }
    if (type.startsWith("application/x-www-form-urlencoded"))
      return { payload: formFields(new URLSearchParams(body.toString("utf8"))), files };
    if (type.startsWith("application/json")) {
      const json: unknown = JSON.parse(body.toString("utf8"));
      return typeof json === "object" && json !== null ? { payload: { ...json }, files } : null;
    }
  } catch {
    return null;
  }
  // The content of a file that is uploaded without a form.
  return { payload, files };
}

/** A field that stands several times becomes a list. */
function formFields(form: URLSearchParams): Record<string, unknown> {
  return Object.fromEntries(
    [...new Set(form.keys())].map((name) => {
      const all = form.getAll(name);
      return [name, all.length === 1 ? all[0] : all];
    }),
  );
}

export function headersOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().join(", ")]],
    ),
  );
}
