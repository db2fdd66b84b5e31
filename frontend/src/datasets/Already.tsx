import { useQuery } from "@tanstack/react-query";
import { api, take } from "@/api/client";
import { plural } from "@/format";
import type { Upload } from "@/uploads/uploader";

/** The same archive may be a data set already. */
export function Already({ upload, onUse }: { upload: Upload | null; onUse: (id: string) => void }) {
  const whole = upload?.status === "complete" ? upload.id : null;
  const query = useQuery({
    queryKey: ["datasets", "of", whole] as const,
    queryFn: ({ signal }) =>
      take(api.GET("/v1/datasets", { params: { query: { upload: whole ?? "", status: "ready" } }, signal })),
    enabled: whole !== null,
  });
  const first = query.data?.data[0];
  if (!whole || !first) return null;
  return (
    <p className="row small" role="status">
      <span className="wrap">
        This archive is the data set <b>{first.name}</b> already, with{" "}
        {plural(first.classes?.length ?? 0, "class", "classes")}.
      </span>
      <button type="button" className="button small" onClick={() => onUse(first.id)}>
        Use that
      </button>
    </p>
  );
}
