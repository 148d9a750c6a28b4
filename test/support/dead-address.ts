/**
 * An address where nobody listens, and nobody will: a port that was free a moment ago may be given to another test, while
 * one this low is never given to who asks for any.
 */
export const DEAD_ADDRESS = "http://127.0.0.1:2";
