import { useQuery } from "@tanstack/react-query";
import { facesQuery } from "./queries";

/** A handful of a data set's images, one of each class; their place is kept while they come. */
export function Faces({ dataset }: { dataset: string }) {
  const classes = useQuery(facesQuery(dataset)).data?.classes ?? [];
  return (
    <div className="faces" aria-hidden>
      {classes.map(({ index, images: [image] }) => image && <img key={index} src={image.url} alt="" loading="lazy" />)}
    </div>
  );
}
