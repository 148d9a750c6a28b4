import type { SaidFile } from "../connection.ts";
import type { World } from "../world.ts";

/** Loads a file that a bot sends by URL. Empty if it cannot be loaded. */
export async function fetchMedia(world: World, url: string): Promise<SaidFile> {
  const name = new URL(url).pathname.split("/").at(-1) || "file";
  try {
    const response = await fetch(world.reach(url), { signal: AbortSignal.timeout(10_000) });
    const bytes = response.ok ? Buffer.from(await response.arrayBuffer()) : Buffer.alloc(0);
    return { name, contentType: response.headers.get("content-type") ?? "application/octet-stream", bytes };
  } catch {
    return { name, contentType: "application/octet-stream", bytes: Buffer.alloc(0) };
  }
}
