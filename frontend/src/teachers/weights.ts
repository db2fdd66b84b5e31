/** One set of published weights of a network, as the catalog lists them. */
export interface Weights {
  tag: string;
  classes: number;
}

/** Those of a network of the catalog; empty where it lists none. */
export function weightsOf(architecture: object): Weights[] {
  const listed = (architecture as { weights?: unknown }).weights;
  if (!Array.isArray(listed)) return [];
  return listed.filter((one): one is Weights => typeof (one as Weights | null)?.tag === "string");
}
