import { z } from "zod";
import { storableText } from "../../../core/text/text.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import {
  attachmentNotFound,
  fileNotKept,
  tooMuchUnsent,
  type UploadStore,
  uploadOf,
} from "../../bodies/uploads.ts";
import type { SendFile } from "../../streams/file-response.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND, sessionNotFound } from "../sessions/require-session.ts";
import { attachmentSchema, toAttachmentObject } from "./attachment-resource.ts";

export interface AttachmentRoutesDeps {
  sessions: Pick<SessionQueries, "find">;
  uploads: UploadStore;
  sendFile: SendFile;
}

const NOT_FOUND = { status: 404, code: "attachment_not_found", when: "there is no such attachment" } as const;

/** Files: upload one, read its data, read its content. */
export function attachmentRoutes(deps: AttachmentRoutesDeps): Route[] {
  return [
    uploadRoute(deps, {
      path: "/chat/sessions/{id}/attachments",
      operationId: "uploadAttachment",
      summary: "Upload a file",
      scope: "messages:write",
    }),
    uploadRoute(deps, {
      path: "/chat/sessions/{id}/handoff/attachments",
      operationId: "uploadHandoffAttachment",
      summary: "Upload a file as a person who answers",
      scope: "handoff:write",
    }),
    getAttachmentRoute(deps),
    downloadAttachmentRoute(deps),
  ];
}

function getAttachmentRoute(deps: AttachmentRoutesDeps): Route {
  return defineRoute({
    method: "GET",
    path: "/attachments/{id}",
    operationId: "getAttachment",
    summary: "Look at a file",
    tag: "Attachments",
    scope: "sessions:read",
    params: idParams,
    responses: [{ status: 200, description: "The attachment", schema: attachmentSchema }],
    errors: [NOT_FOUND],
    async handle({ caller, params }) {
      return {
        status: 200,
        body: toAttachmentObject(await requireAttachment(deps, caller.workspaceId, params.id)),
      };
    },
  });
}

function downloadAttachmentRoute(deps: AttachmentRoutesDeps): Route {
  return defineRoute({
    method: "GET",
    path: "/attachments/{id}/content",
    operationId: "downloadAttachment",
    summary: "Read a file",
    description:
      "The content as it was sent, or one `Range` of it. Its type is the one that was found in the content, not the sender's.",
    tag: "Attachments",
    scope: "sessions:read",
    params: idParams,
    responses: [
      { status: 200, description: "The content", schema: z.string(), contentType: "*/*" },
      { status: 206, description: "The requested range", schema: z.string(), contentType: "*/*" },
    ],
    errors: [
      NOT_FOUND,
      { status: 409, code: "attachment_not_stored", when: "it is not here (yet); `details.state`" },
      { status: 416, code: "range_not_satisfiable", when: "the range lies outside the file" },
    ],
    async handle({ caller, params }) {
      const file = await requireAttachment(deps, caller.workspaceId, params.id);
      return { stream: (request, response) => deps.sendFile(request, response, file, caller.keyId) };
    },
  });
}

/** Programs upload for messages of users, and people for what they say in a handoff. */
function uploadRoute(
  { sessions, uploads }: AttachmentRoutesDeps,
  route: Pick<Route, "path" | "operationId" | "summary" | "scope">,
): Route {
  return defineRoute({
    ...route,
    method: "POST",
    description: `The body is the file itself, at most ${Math.floor(uploads.limitBytes / 1_048_576)} MiB. Name its id in \`attachment_ids\` of a message of this session; what goes with no message is erased after a day.`,
    tag: "Attachments",
    audited: "console",
    params: idParams,
    query: z.strictObject({ name: z.string().min(1).max(500).optional().describe("The file's name") }),
    uploadLimit: uploads.limitBytes,
    responses: [{ status: 201, description: "The attachment", schema: attachmentSchema }],
    errors: [
      SESSION_NOT_FOUND,
      { status: 413, code: "body_too_large", when: "the file is too large" },
      { status: 422, code: "empty_file", when: "the body is empty" },
      { status: 429, code: "too_much_unsent", when: "this key has uploaded too much that no message uses" },
      { status: 503, code: "file_not_kept", when: "files cannot be stored at the moment" },
    ],
    async handle({ caller, params, query, upload, headers, resourceId }) {
      const session = await requireSession(sessions, caller.workspaceId, params.id);
      const contentType = headers["content-type"];
      const file = uploadOf(upload, {
        contentType: contentType === undefined ? undefined : storableText(contentType),
        name: query.name,
      });
      const uploader = { kind: "key", id: caller.keyId, address: null } as const;
      const kept = await uploads.keep({ id: resourceId, sessionId: session.id, ...file, uploader });
      if (kept.kind === "not_kept") throw fileNotKept();
      if (kept.kind === "too_much_unsent") throw tooMuchUnsent();
      if (kept.kind !== "kept") throw sessionNotFound(params.id);
      return { status: 201, body: toAttachmentObject(kept.attachment) };
    },
  });
}

async function requireAttachment({ uploads }: AttachmentRoutesDeps, workspaceId: string, id: string) {
  const found = await uploads.find(id);
  if (found?.workspaceId !== workspaceId) throw attachmentNotFound(id);
  return found;
}
