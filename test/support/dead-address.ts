/**
 * An address that never answers. A port that was free a moment ago may go to another test. The system never assigns a
 * port this low automatically.
 */
export const DEAD_ADDRESS = "http://127.0.0.1:2";
