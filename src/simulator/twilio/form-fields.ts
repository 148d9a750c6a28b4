const API_VERSION = "2010-04-01";

/** The fields that name a message of a user, in every form that Twilio posts for one. */
export const arrivedFields = (id: string, accountSid: string) => ({
  MessageSid: id,
  SmsMessageSid: id,
  SmsSid: id,
  SmsStatus: "received",
  AccountSid: accountSid,
  ApiVersion: API_VERSION,
});

/** The fields that name one of our messages and its state, in every form that Twilio posts for it. */
export const stateFields = (id: string, accountSid: string, status: string) => ({
  MessageSid: id,
  SmsSid: id,
  MessageStatus: status,
  SmsStatus: status,
  AccountSid: accountSid,
  ApiVersion: API_VERSION,
});
