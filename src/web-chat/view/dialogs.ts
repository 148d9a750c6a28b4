/** All views over the chat, in one file that is fetched when the first of them is needed. */
export { PictureViewer } from "./picture-viewer.tsx";
export { ResetDialog } from "./reset-dialog.tsx";
