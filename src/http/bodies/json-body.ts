import type { IncomingMessage } from "node:http";
import { RequestError } from "../../core/faults/errors.ts";
import type { Json } from "../../core/text/json.ts";
import { storableText } from "../../core/text/text.ts";
import { readBytes } from "./read-bytes.ts";

/** Deeper than any useful body, and well below the limits of Postgres and V8. */
const DEPTH_LIMIT = 100;

/** The JSON of a request, of at most `limit` bytes; undefined without a body. Throws the caller's mistakes. */
export async function readJsonBody(request: IncomingMessage, limit: number): Promise<Json | undefined> {
  const bytes = await readBytes(request, limit);
  if (bytes.length === 0) return undefined;
  checkContentType(request.headers["content-type"]);
  checkEncoding(request.headers["content-encoding"]);
  return storable(parse(bytes), 1);
}

function checkContentType(header: string | undefined): void {
  const [type = "", ...parameters] = (header ?? "").split(";").map((part) => part.trim().toLowerCase());
  const json = type === "application/json" || (type.startsWith("application/") && type.endsWith("+json"));
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  const utf8 = charset === undefined || /^"?utf-?8"?$/.test(charset);
  if (json && utf8) return;
  throw new RequestError(
    415,
    "unsupported_media_type",
    "Send JSON in UTF-8, with the header Content-Type: application/json.",
  );
}

/** A small compressed body can become a huge one, so none is unpacked. */
function checkEncoding(header: string | undefined): void {
  if (["", "identity"].includes((header ?? "").trim().toLowerCase())) return;
  throw new RequestError(
    415,
    "unsupported_media_type",
    "Send the body uncompressed, without Content-Encoding.",
    { headers: { "Accept-Encoding": "identity" } },
  );
}

function parse(bytes: Buffer): Json {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "it is not UTF-8";
    throw new RequestError(400, "malformed_json", `The body is not valid JSON: ${reason}`);
  }
}

/** The same value, made valid for jsonb. Postgres refuses NUL and lone surrogates, and JSON has no infinity. */
function storable(value: Json, depth: number): Json {
  if (depth > DEPTH_LIMIT) {
    throw new RequestError(422, "invalid_body", `The body is nested deeper than ${DEPTH_LIMIT} levels.`);
  }
  if (typeof value === "string") return storableText(value);
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RequestError(422, "invalid_body", "The body contains a number that is too large.");
  }
  if (Array.isArray(value)) return value.map((item) => storable(item, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storableText(key), storable(item, depth + 1)]),
  );
}
