import { Router } from "express";
import { z } from "zod";
import { RequestError } from "../../core/faults/errors.ts";
import { isId, newId } from "../../core/ids.ts";
import { storableText } from "../../core/text/text.ts";
import { readBytes } from "../bodies/read-bytes.ts";
import { attachmentNotFound, fileNotKept, tooMuchUnsent, uploadOf } from "../bodies/uploads.ts";
import { requireRate, tooMany } from "../server/rate-limit.ts";
import { readQuery } from "./read-body.ts";
import { requireChannel, requireSession, requireVisitor, sessionNotFound } from "./visitor-auth.ts";
import type { WebDeps } from "./web-deps.ts";
import { TOO_FAST } from "./web-limits.ts";
import { attachmentObject } from "./wire.ts";

const uploadQuery = z.object({ name: z.string().min(1).max(500).optional() });

type AttachmentDeps = Pick<
  WebDeps,
  "channel" | "publicUrl" | "visitors" | "callerOf" | "uploads" | "sendFile" | "limits"
>;

/** A visitor's files: upload one, read one. Only the visitor can read the files of the visitor's sessions. */
export function attachmentRoutes(deps: AttachmentDeps): Router {
  const router = Router();
  const { uploads, limits } = deps;

  router.post("/web/:channel/sessions/:session/attachments", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const session = await requireSession(deps, channel, visitor, request);
    const { name } = readQuery(request, uploadQuery);
    requireRate(limits.uploadsPerAddress, deps.callerOf(request), TOO_FAST);
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
      uploader: { kind: "visitor", id: visitor.id, address: deps.callerOf(request) },
      accepts: (type) => channel.attachmentTypes.some((wanted) => matches(wanted, type)),
    });
    if (kept.kind === "not_kept") throw fileNotKept();
    if (kept.kind === "too_much_unsent") throw tooMuchUnsent();
    if (kept.kind === "session_gone") throw sessionNotFound();
    if (kept.kind === "type_refused") {
      const message = `A file of the type ${kept.contentType} cannot be sent here.`;
      throw new RequestError(422, "type_not_accepted", message, {
        details: { content_type: kept.contentType, accepted: channel.attachmentTypes },
      });
    }
    response.status(201).json(attachmentObject(kept.attachment, session.id));
  });

  router.get("/web/:channel/sessions/:session/attachments/:attachment/content", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const session = await requireSession(deps, channel, visitor, request);
    const id = String(request.params.attachment);
    const found = isId(id) ? await uploads.find(id) : null;
    if (found?.sessionId !== session.id) throw attachmentNotFound(id);
    if (!response.destroyed) {
      const leave = limits.downloadsPerVisitor.open(visitor.id);
      if (leave === null) throw tooMany("too_many_downloads", TOO_FAST, 5);
      response.once("close", leave);
    }
    response.setHeader("Cache-Control", "private, max-age=86400, immutable");
    await deps.sendFile(request, response, found, deps.callerOf(request));
  });

  return router;
}

/** `image/*` accepts every image. The text after a semicolon is ignored. */
function matches(wanted: string, type: string): boolean {
  const plain = type.split(";", 1)[0]?.trim() ?? "";
  return wanted.endsWith("/*") ? plain.startsWith(wanted.slice(0, -1)) : plain === wanted;
}
