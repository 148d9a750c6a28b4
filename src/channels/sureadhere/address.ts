/**
 * True if a text can be a patient's id, which is the whole address. SureAdhere's ids are numbers or text, and opaque to
 * us. A valid id has no white space around it and no control characters.
 */
export function isPatientId(text: string): boolean {
  return text.length > 0 && text.length <= 200 && text === text.trim() && !/\p{Cc}/u.test(text);
}
