import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { Logger } from "../../core/process/logger.ts";
import { isPatientId } from "./address.ts";

/**
 * The only request that SureAdhere sends. A JSON number beyond 2^53 loses digits, so it could identify another patient.
 */
const requestSchema = z.object({
  message_text: z.string(),
  patient_id: z.union([z.string().trim(), z.int().transform(String)]).refine(isPatientId),
});

/** Converts a request's JSON into events. Null if it is not a message; an empty list if there is nothing to answer. */
export function readMessage(json: unknown, log: Logger): ChannelEvent[] | null {
  const parsed = requestSchema.safeParse(json);
  if (!parsed.success) return null;
  const { message_text: text, patient_id: patientId } = parsed.data;
  if (text.trim() === "") {
    // Do not log the patient's id, because it reveals who is in treatment.
    log.info({}, "sureadhere message without text ignored");
    return [];
  }
  return [
    {
      type: "message",
      // Requests have no id, and the same text twice ("yes") may be two answers. So each request is a new message.
      eventKeys: [`request:${randomUUID()}`],
      conversation: { address: patientId, userIdentifier: patientId, externalKey: null },
      text,
    },
  ];
}
