/** `whatsapp:` and whatever Twilio names a user by: opaque, usually a phone number (`whatsapp:+491701234567`). */
export function isAddress(address: string): boolean {
  return /^whatsapp:\S{1,200}$/.test(address);
}
