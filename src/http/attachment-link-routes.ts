import { Router } from "express";
import { RequestError } from "../core/errors.ts";
import { isId } from "../core/ids.ts";
import { type OpenFile, sendFile } from "./file-response.ts";
import { type AttachmentDesk, attachmentNotFound } from "./uploads.ts";

/** `GET /attachments/{id}?expires=…&signature=…`: the links that bots and platforms are given in place of a key. */
export function attachmentLinkRoutes(deps: {
  desk: Pick<AttachmentDesk, "find">;
  /** Whether a link is one of ours that has not expired. */
  opens(id: string, expires: string, signature: string): boolean;
  openFile: OpenFile;
}): Router {
  const router = Router();
  router.get("/attachments/:id", async (request, response) => {
    const { id } = request.params;
    const { expires, signature } = request.query;
    if (!isId(id) || !deps.opens(id, String(expires), String(signature))) {
      throw new RequestError(403, "link_not_valid", "This link has expired, or was changed on its way.");
    }
    const file = await deps.desk.find(id);
    if (!file) throw attachmentNotFound(id);
    response.setHeader("Cache-Control", "private, no-store");
    await sendFile(request, response, file, deps.openFile);
  });
  return router;
}
