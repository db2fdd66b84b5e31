import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Answer } from "@/ui/Answer";
import type { Student } from "./queries";

/** The card as it lies beside the weights, to be read here. */
export function StudentCardText({ files }: { files: Student["files"] }) {
  const [open, setOpen] = useState(false);
  const card = files.find((file) => file.name === "card.md");
  const query = useQuery({
    queryKey: ["files", card?.sha256] as const,
    queryFn: async ({ signal }) => {
      const answer = await fetch(card?.url ?? "", { signal });
      if (!answer.ok) throw new Error("The card did not come.");
      return answer.text();
    },
    enabled: open && card !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!card) return null;
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Read its card</summary>
      {open && (
        <Answer query={query} label="the card" heights={[160]}>
          {(text) => <pre className="card-text">{text}</pre>}
        </Answer>
      )}
    </details>
  );
}
