/** Gives the reader a file that was made in the page. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** "digits: two sizes", "val/top1" -> "digits-two-sizes-val-top1" */
export const fileName = (...parts: readonly string[]): string =>
  parts
    .join(" ")
    .replace(/[^\p{L}\p{N}._]+/gu, "-")
    .replace(/^[-.]+|-+$/g, "")
    .slice(0, 120) || "chart";
