/** Where the service is: the path prefix that it wrote into the page ("" or "/distillery"). */
export const root = document.querySelector<HTMLMetaElement>('meta[name="root-path"]')?.content ?? "";

/** The service's whole address, as scripts elsewhere would name it. */
export const service = location.origin + root;
