/**
 * A visitor's request for the bot's first message, as a model reads it. It takes the user's place and is labelled as a
 * request.
 */
export const openingRequest = (text: string): string => `The visitor asks you to open with: ${text}`;
