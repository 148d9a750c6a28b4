import { RequestError } from "../../../core/faults/errors.ts";

/** Every session that the message reached was completed before. */
export function keepsEnding(): RequestError {
  const message = "The session keeps being completed. Send the message again.";
  return new RequestError(409, "session_completed", message);
}

/** As a repetition, the message would be lost. */
export function keyReused(): RequestError {
  const message = "Another message was sent with this key. Every message needs a key of its own.";
  return new RequestError(409, "idempotency_key_reused", message);
}

/** The press of a button that never existed. Code that reads payloads may rely on having offered them. */
export function buttonNotOffered(): RequestError {
  const message = "No message of this session has a button with this label as `content` and this `payload`.";
  return new RequestError(422, "button_not_offered", `${message} Send the text alone, without a payload.`);
}
