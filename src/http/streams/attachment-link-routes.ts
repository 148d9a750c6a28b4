import { Router } from "express";
import { RequestError } from "../../core/faults/errors.ts";
import { isId } from "../../core/ids.ts";
import { attachmentNotFound, type UploadStore } from "../bodies/uploads.ts";
import type { CallerOf } from "../server/caller-address.ts";
import type { SendFile } from "./file-response.ts";

/** `GET /attachments/{id}?expires=…&signature=…`: links for bots and platforms, which need no key. */
export function attachmentLinkRoutes(deps: {
  uploads: Pick<UploadStore, "find">;
  /** Returns true if the link is one of ours and has not expired. */
  isValid(id: string, expires: string, signature: string): boolean;
  sendFile: SendFile;
  callerOf: CallerOf;
}): Router {
  const router = Router();
  router.get("/attachments/:id", async (request, response) => {
    const { id } = request.params;
    const { expires, signature } = request.query;
    if (!isId(id) || !deps.isValid(id, String(expires), String(signature))) {
      throw new RequestError(403, "link_not_valid", "This link has expired, or its text was changed.");
    }
    const file = await deps.uploads.find(id);
    if (!file) throw attachmentNotFound(id);
    response.setHeader("Cache-Control", "private, no-store");
    await deps.sendFile(request, response, file, deps.callerOf(request));
  });
  return router;
}
