/**
 * Whether a text can be a patient's id, which is all there is of an address: SureAdhere's are numbers or text, opaque to
 * us. Nothing it could mean has white space around it or control characters inside.
 */
export function isPatientId(text: string): boolean {
  return text.length > 0 && text.length <= 200 && text === text.trim() && !/\p{Cc}/u.test(text);
}
