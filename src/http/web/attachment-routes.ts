import { Router } from "express";
import { z } from "zod";
import type { KeptUpload } from "../../attachments/uploads.ts";
import { RequestError } from "../../core/faults/errors.ts";
import { isId, newId } from "../../core/ids.ts";
import { storableText } from "../../core/text/text.ts";
import { readBytes } from "../bodies/read-bytes.ts";
import { attachmentNotFound, fileNotKept, tooMuchUnsent, uploadOf } from "../bodies/uploads.ts";
import { requireRate, tooMany } from "../server/rate-limit.ts";
import { readQuery } from "./read-body.ts";
import { requireOwnSession, sessionNotFound } from "./visitor-auth.ts";
import type { WebChannel, WebDeps } from "./web-deps.ts";
import { TOO_FAST } from "./web-limits.ts";
import { attachmentObject } from "./wire.ts";

const uploadQuery = z.object({ name: z.string().min(1).max(500).optional() });

type AttachmentDeps = Pick<WebDeps, "site" | "visitors" | "traffic" | "files">;

/** A visitor's files: upload one, read one. Only the visitor can read the files of the visitor's sessions. */
export function attachmentRoutes(deps: AttachmentDeps): Router {
  const router = Router();
  const { uploads } = deps.files;
  const { limits, callerOf } = deps.traffic;

  router.post("/web/:channel/sessions/:session/attachments", async (request, response) => {
    const { channel, visitor, session } = await requireOwnSession(deps, request, response);
    const { name } = readQuery(request, uploadQuery);
    requireRate(limits.uploadsPerAddress, callerOf(request), TOO_FAST);
    requireRate(limits.uploadsPerVisitor, visitor.id, TOO_FAST);
    const contentType = request.get("content-type");
    const file = uploadOf(await readBytes(request, uploads.limitBytes), {
      contentType: contentType === undefined ? undefined : storableText(contentType),
      name: name === undefined ? undefined : storableText(name),
    });
    const kept = await uploads.keep({
      id: newId(),
      sessionId: session.id,
      ...file,
      uploader: { kind: "visitor", id: visitor.id, address: callerOf(request) },
      accepts: (type) => channel.attachmentTypes.some((wanted) => matches(wanted, type)),
    });
    if (kept.kind !== "kept") throw refusal(kept, channel);
    response.status(201).json(attachmentObject(kept.attachment, session.id));
  });

  router.get("/web/:channel/sessions/:session/attachments/:attachment/content", async (request, response) => {
    const { visitor, session } = await requireOwnSession(deps, request, response);
    const id = String(request.params.attachment);
    const found = isId(id) ? await uploads.find(id) : null;
    if (found?.sessionId !== session.id) throw attachmentNotFound(id);
    if (!response.destroyed) {
      const leave = limits.downloadsPerVisitor.open(visitor.id);
      if (leave === null) throw tooMany("too_many_downloads", TOO_FAST, 5);
      response.once("close", leave);
    }
    response.setHeader("Cache-Control", "private, max-age=86400, immutable");
    await deps.files.send(request, response, found, callerOf(request));
  });

  return router;
}

function refusal(kept: Exclude<KeptUpload, { kind: "kept" }>, channel: WebChannel): RequestError {
  switch (kept.kind) {
    case "not_kept":
      return fileNotKept();
    case "too_much_unsent":
      return tooMuchUnsent();
    case "session_gone":
      return sessionNotFound();
    case "type_refused": {
      const message = `A file of the type ${kept.contentType} cannot be sent here.`;
      return new RequestError(422, "type_not_accepted", message, {
        details: { content_type: kept.contentType, accepted: channel.attachmentTypes },
      });
    }
  }
}

/** `image/*` accepts every image. The text after a semicolon is ignored. */
function matches(wanted: string, type: string): boolean {
  const plain = type.split(";", 1)[0]?.trim() ?? "";
  return wanted.endsWith("/*") ? plain.startsWith(wanted.slice(0, -1)) : plain === wanted;
}
