import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { ago } from "@/format";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Empty } from "@/ui/faces";
import { Status } from "@/ui/Status";

interface Props {
  query: UseQueryResult<{ data: Schema<"JobRead">[]; has_more?: boolean }>;
  what: string;
}

/** The newest jobs that something was used in. */
export function UsedIn({ query, what }: Props) {
  return (
    <Card title="Used in" aside={query.data?.has_more ? "the newest jobs" : undefined}>
      <Answer query={query} label="its jobs" heights={[36, 36]}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty>No job has used this {what} yet.</Empty>
          ) : (
            <ul className="used">
              {data.map((job) => (
                <li key={job.id}>
                  <Link to="/jobs/$id" params={{ id: job.id }} className="title wrap">
                    {job.name}
                  </Link>
                  <span className="soft small nowrap">{ago(job.created_at)}</span>
                  <Status value={job.status} />
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Card>
  );
}
