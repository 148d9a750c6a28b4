import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestError } from "../../core/errors.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The built files of the hosted page, held in memory: they are few and small. */
export interface PageAssets {
  /** Of all files together; stands in their URLs, so that a URL's content never changes. */
  hash: string;
  files: ReadonlyMap<string, { contentType: string; bytes: Buffer }>;
}

/** The same folder seen from `src/http/web` and from `dist/http/web`. */
const BUILT_PAGE = fileURLToPath(new URL("../../../dist/web-chat/", import.meta.url));

/**
 * Reads the files when they are first asked for, and keeps them. A process without a built page does everything else.
 * @param directory another place to read from, for tests.
 */
export function createPageAssets(directory: string = BUILT_PAGE): () => Promise<PageAssets> {
  let loaded: Promise<PageAssets> | null = null;
  return () => {
    loaded ??= load(directory).catch((cause: unknown) => {
      loaded = null;
      throw new RequestError(503, "page_not_built", "The chat page is not built: run `npm run build`.", {
        cause,
      });
    });
    return loaded;
  };
}

async function load(directory: string): Promise<PageAssets> {
  const names = await readdir(directory);
  const hash = createHash("sha256");
  const files = new Map<string, { contentType: string; bytes: Buffer }>();
  for (const name of names.sort()) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const bytes = await readFile(join(directory, name));
    hash.update(name).update("\0").update(bytes).update("\0");
    files.set(name, { contentType, bytes });
  }
  return { hash: hash.digest("hex").slice(0, 16), files };
}
