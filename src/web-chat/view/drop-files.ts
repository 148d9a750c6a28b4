/** Lets files be dropped on an element. */
export const dropFiles = (onFiles: (files: readonly File[]) => void) => ({
  onDragOver(event: DragEvent) {
    // Otherwise the browser would leave the page and open the file.
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  },
  onDrop(event: DragEvent) {
    const dropped = [...(event.dataTransfer?.files ?? [])];
    if (dropped.length === 0) return;
    event.preventDefault();
    onFiles(dropped);
  },
});
