import type { Attachment } from "./message-types.ts";
import type { RequestOptions, Transport } from "./transport.ts";

/** Files of conversations. */
export function createAttachments(transport: Transport) {
  return {
    /** Uploads a file. A message of the same session refers to it by its id. */
    uploadAttachment: (
      sessionId: string,
      file: Blob,
      query: { name?: string } = {},
      options?: RequestOptions,
    ): Promise<Attachment> =>
      transport.request(
        { method: "POST", path: `/chat/sessions/${encodeURIComponent(sessionId)}/attachments`, query, file },
        options,
      ),

    /** Downloads the content of a file whose state is `stored`. */
    async downloadAttachment(attachmentId: string, options?: RequestOptions): Promise<Blob> {
      const path = `/attachments/${encodeURIComponent(attachmentId)}/content`;
      return (await transport.open({ method: "GET", path }, options)).blob();
    },
  };
}
