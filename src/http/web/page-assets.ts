import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Request, Response } from "express";
import { RequestError } from "../../core/faults/errors.ts";
import { packageFile } from "../../core/process/package-file.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A built file, unchanged and compressed. */
export interface PageAsset {
  contentType: string;
  bytes: Buffer;
  gzip: Buffer;
  brotli: Buffer;
  etag: string;
  /** True if the name contains a hash of the content. Then it can be cached for ever. */
  immutable: boolean;
}

/** The built files of a page, kept in memory because they are few and small. */
export interface PageAssets {
  files: ReadonlyMap<string, PageAsset>;
  /** The file, besides the loader, for a page that shows the chat at once. */
  panel: string | null;
}

const BUILT_PAGE = packageFile("dist/web-chat/");

/**
 * Reads the files at the first request and keeps them. A process without a built page still does everything else.
 * @param directory another place to read from, for tests.
 */
export function createPageAssets(directory: string = BUILT_PAGE): () => Promise<PageAssets> {
  let loaded: Promise<PageAssets> | null = null;
  return () => {
    loaded ??= load(directory).catch((cause: unknown) => {
      loaded = null;
      throw new RequestError(503, "page_not_built", "This page is not built: run `npm run build`.", {
        cause,
      });
    });
    return loaded;
  };
}

async function load(directory: string): Promise<PageAssets> {
  const names = (await readdir(directory)).filter((name) => CONTENT_TYPES[extname(name)] !== undefined);
  const files = new Map<string, PageAsset>();
  for (const name of names.sort()) files.set(name, await readAsset(directory, name));
  return { files, panel: names.find((name) => name.startsWith("panel-")) ?? null };
}

/** Bytes. To compress a larger file as far as possible would take seconds, while somebody waits. */
const LARGE = 300_000;

async function readAsset(directory: string, name: string): Promise<PageAsset> {
  const bytes = await readFile(join(directory, name));
  const isLarge = bytes.length > LARGE;
  const params = {
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    [constants.BROTLI_PARAM_QUALITY]: isLarge ? 5 : constants.BROTLI_MAX_QUALITY,
  };
  const [zipped, brotli] = await Promise.all([
    promisify(gzip)(bytes, { level: isLarge ? 6 : 9 }),
    promisify(brotliCompress)(bytes, { params }),
  ]);
  return {
    contentType: CONTENT_TYPES[extname(name)] ?? "application/octet-stream",
    bytes,
    gzip: zipped,
    brotli,
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
    immutable: /-[\w-]{8}\.js$/.test(name),
  };
}

/** Answers with a file, in the smallest encoding that the client accepts. The caller sets who may read and cache it. */
export function sendAsset(file: PageAsset, request: Request, response: Response): void {
  response.set({ "Content-Type": file.contentType, ETag: file.etag, Vary: "Accept-Encoding" });
  if (request.get("if-none-match")?.includes(file.etag)) response.status(304).end();
  else response.end(encoded(file, request, response));
}

function encoded(file: PageAsset, request: Request, response: Response): Buffer {
  const best = request.acceptsEncodings("br", "gzip");
  if (best !== "br" && best !== "gzip") return file.bytes;
  response.set("Content-Encoding", best);
  return best === "br" ? file.brotli : file.gzip;
}
