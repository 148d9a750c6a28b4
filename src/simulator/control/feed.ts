import type { RequestHandler } from "express";
import type { World } from "../world.ts";

/** Changes within this time are sent together, milliseconds. */
const TOGETHER_MS = 60;
const MOST_FEEDS = 20;

/** Server-Sent Events that tell a page to load again. */
export function feed(world: World): RequestHandler {
  let open = 0;
  return (_request, response) => {
    if (open >= MOST_FEEDS) return void response.status(503).end();
    open += 1;
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
    });
    response.write("retry: 1000\n\ndata: changed\n\n");
    let timer: NodeJS.Timeout | null = null;
    const stop = world.onChange(() => {
      timer ??= setTimeout(() => {
        timer = null;
        response.write("data: changed\n\n");
      }, TOGETHER_MS);
    });
    const end = () => response.end();
    world.ended.addEventListener("abort", end, { once: true });
    response.once("close", () => {
      open -= 1;
      stop();
      world.ended.removeEventListener("abort", end);
      if (timer !== null) clearTimeout(timer);
    });
  };
}
