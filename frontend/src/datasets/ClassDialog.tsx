import { useQuery } from "@tanstack/react-query";
import { plural } from "@/format";
import { Answer } from "@/ui/Answer";
import { Dialog } from "@/ui/Dialog";
import { Images } from "./Images";
import { type Dataset, type Split, samplesQuery } from "./queries";

interface Props {
  dataset: Dataset;
  split: Split;
  index: number;
  name: string;
  images: number | undefined;
  onClose: () => void;
}

const MANY = 100;
const SIDE = 96;

/** One class, up to a hundred of its images. */
export function ClassDialog({ dataset, split, index, name, images, onClose }: Props) {
  const query = useQuery(samplesQuery(dataset.id, { split, per_class: MANY, label: index }));
  const crisp = dataset.form === "pixels" && (dataset.image_size ?? 0) <= SIDE;
  return (
    <Dialog title={name} onClose={onClose} wide>
      <p className="small soft">
        {images === undefined ? split : `${plural(images, "image")} in ${split}`}
        {images !== undefined && images > MANY ? `, the first ${MANY} of them` : ""}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className="thumbs many" aria-label={`Images of ${name}`} tabIndex={0}>
        <Answer query={query} label="images" heights={[SIDE, SIDE]}>
          {({ classes }) => <Images images={classes[0]?.images ?? []} of={name} side={SIDE} crisp={crisp} />}
        </Answer>
      </section>
      <div className="row">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
