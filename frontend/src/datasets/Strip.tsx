import { useQuery } from "@tanstack/react-query";
import { Images } from "./Images";
import { type Dataset, samplesQuery } from "./queries";

const SHOWN = 5;
const SIDE = 36;

/** One image of each of the first classes: a data set is recognised by its pictures. */
export function Strip({ dataset }: { dataset: Dataset }) {
  const ready = dataset.status === "ready";
  const query = useQuery({
    ...samplesQuery(dataset.id, { split: "train", per_class: 1, limit: SHOWN }),
    enabled: ready,
  });
  if (!ready) return <span className="soft">–</span>;
  const crisp = dataset.form === "pixels" && (dataset.image_size ?? 0) <= SIDE;
  return (
    <span className="strip">
      {query.data?.classes.map((one) => (
        <Images key={one.index} images={one.images} of={one.name} side={SIDE} crisp={crisp} />
      ))}
    </span>
  );
}
