import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { CommandCard } from "@/new/CommandCard";
import { formOf } from "@/new/form";
import { limitsQuery } from "@/new/queries";
import { wishOf } from "@/new/wish";
import { Card } from "@/ui/Card";
import { CopyButton } from "@/ui/Copy";
import type { Job } from "../queries";

/** The job once more: from the form, from a shell, a program or a file; and all that it was asked for. */
export function Again({ job }: { job: Job }) {
  const schema = useQuery(limitsQuery).data?.schema;
  const { recipe } = job;
  const wish = useMemo(() => (schema ? wishOf(schema, formOf(schema, recipe), null) : null), [schema, recipe]);
  return (
    <div className="grid halves">
      {wish && <CommandCard wish={wish} />}
      <Card
        title="Recipe, every default filled in"
        aside={
          <div className="row">
            <Link to="/jobs/new" search={{ from: job.id }} className="button small">
              Run this again
            </Link>
            <CopyButton text={JSON.stringify(recipe, null, 2)} label="Copy the recipe" />
          </div>
        }
      >
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <pre className="json" tabIndex={0}>
          {JSON.stringify(recipe, null, 2)}
        </pre>
      </Card>
    </div>
  );
}
