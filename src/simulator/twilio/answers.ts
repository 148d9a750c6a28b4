import type { ApiAnswer } from "../wire/answer-calls.ts";

/** A refusal in the form of Twilio's REST API. */
export const refuse = (status: number, code: number, message: string): ApiAnswer => ({
  status,
  body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
});

export const ok = (body: object): ApiAnswer => ({ status: 200, body });

/** The path of everything that belongs to an account. */
export const accountPath = (accountSid: string) => `/2010-04-01/Accounts/${accountSid}`;
