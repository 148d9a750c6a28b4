/** Parts that most visits do not need, in one file that is fetched when the first of them is needed. */
export { PictureViewer } from "./picture-viewer.tsx";
export { Rate } from "./rate.tsx";
export { ResetDialog } from "./reset-dialog.tsx";
