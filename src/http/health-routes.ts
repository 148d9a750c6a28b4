import { Router } from "express";

export interface HealthDeps {
  /** Each dependency with its trouble, or null where it is well. */
  dependencies(): Promise<Record<string, string | null>>;
  /** Each channel with its trouble. A channel in trouble does not make the service unready. */
  channels(): Record<string, { kind: string; state: string; last_error: string | null }>;
  /** Why files cannot be kept, or null. Like a channel's trouble: messages go on. */
  files(): string | null;
  metrics(): Promise<{ contentType: string; text: string }>;
  draining(): boolean;
}

/** `/livez`, `/readyz` (names each dependency and channel) and `/metrics`. */
export function healthRoutes(deps: HealthDeps): Router {
  const router = Router();
  router.get("/livez", (_request, response) => {
    response.json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    const dependencies = await deps.dependencies();
    const files = deps.files();
    const ready = !deps.draining() && Object.values(dependencies).every((trouble) => trouble === null);
    response.status(ready ? 200 : 503).json({
      status: ready ? "ready" : deps.draining() ? "stopping" : "not_ready",
      dependencies: Object.fromEntries(
        Object.entries(dependencies).map(([name, trouble]) => [name, trouble ?? "ok"]),
      ),
      channels: deps.channels(),
      files: { state: files === null ? "ok" : "error", last_error: files },
    });
  });
  router.get("/metrics", async (_request, response) => {
    const { contentType, text } = await deps.metrics();
    response.setHeader("Content-Type", contentType);
    response.end(text);
  });
  return router;
}
