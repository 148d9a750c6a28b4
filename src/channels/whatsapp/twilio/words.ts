import { twilioWords } from "../../twilio/codes.ts";
import { WINDOW_CLOSED } from "../errors.ts";

const OUTSIDE_WINDOW = 63016;

/** Twilio's errors in the words of a WhatsApp channel, because this channel's settings handle the closed window. */
export const words = {
  ...twilioWords,
  sentenceOf: (code: number) => (code === OUTSIDE_WINDOW ? WINDOW_CLOSED : twilioWords.sentenceOf(code)),
};
