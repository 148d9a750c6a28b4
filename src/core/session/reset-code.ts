/** Error code of an execution whose message turned out to be a spoken `/reset`. */
export const RESET_CODE = "reset";
