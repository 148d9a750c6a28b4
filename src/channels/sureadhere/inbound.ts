import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { ChannelEvent } from "../../core/channel-event.ts";
import type { Logger } from "../../core/logger.ts";
import { isPatientId } from "./address.ts";

/** The one request SureAdhere makes. Beyond 2^53 a JSON number has lost digits: it could name somebody else. */
const requestSchema = z.object({
  message_text: z.string(),
  patient_id: z.union([z.string().trim(), z.int().transform(String)]).refine(isPatientId),
});

/** Turns a request's JSON into events: null where it is not a message, none where there is nothing to answer. */
export function readMessage(json: unknown, log: Logger): ChannelEvent[] | null {
  const parsed = requestSchema.safeParse(json);
  if (!parsed.success) return null;
  const { message_text: text, patient_id: patientId } = parsed.data;
  if (text.trim() === "") {
    // Without the patient's id: who is in treatment is nothing for a log.
    log.info({}, "sureadhere message without text ignored");
    return [];
  }
  return [
    {
      type: "message",
      // Requests carry no id, and the same words twice ("yes") may well be two answers: each one is a message.
      eventKeys: [`request:${randomUUID()}`],
      conversation: { address: patientId, userIdentifier: patientId, externalId: null },
      text,
    },
  ];
}
