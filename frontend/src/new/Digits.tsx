import { useQueryClient } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { datasetKeys } from "@/datasets/queries";
import { Failure } from "@/ui/faces";
import { useOnce } from "@/ui/useOnce";

/** The way to begin with nothing: the handwritten digits that come with the service. */
export function Digits({ onCreated }: { onCreated: (id: string) => void }) {
  const client = useQueryClient();
  const made = useOnce({
    mutationFn: () =>
      take(
        api.POST("/v1/datasets", {
          body: { name: "handwritten digits", source: { kind: "builtin", name: "digits" } },
        }),
      ),
    onSuccess: ({ id }) => {
      onCreated(id);
      return client.invalidateQueries({ queryKey: datasetKeys.all });
    },
  });
  return (
    <div className="stack tight begin">
      <p className="small soft">
        No images are here yet. Bring your own, or begin with 1,797 real handwritten digits that come with Distillery.
      </p>
      <div>
        <button type="button" className="button small" disabled={made.isPending} onClick={() => made.mutate()}>
          Begin with the digits
        </button>
      </div>
      {made.error && <Failure error={made.error} />}
    </div>
  );
}
