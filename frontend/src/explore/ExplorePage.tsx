import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { isNotFound } from "@/api/client";
import { datasetQuery } from "@/datasets/queries";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { Empty } from "@/ui/faces";
import { Explored } from "./Explored";
import { candidatesQuery, choicesQuery, newestQuery } from "./queries";

/** Which of all students of a data set to ship: what each costs, and what it is worth. */
export function ExplorePage() {
  const search = useSearch({ from: "/shell/explore" });
  const navigate = useNavigate({ from: "/explore" });
  const newest = useQuery({ ...newestQuery, enabled: !search.dataset });
  const choices = useQuery(choicesQuery).data?.data.filter((one) => one.status === "ready") ?? [];
  const dataset = search.dataset ?? newest.data?.dataset.id;
  const known = choices.some((one) => one.id === dataset);
  return (
    <Page
      title="Explore"
      aside={
        choices.length > 0 && (
          <label className="row explore-dataset">
            <span className="small soft">Data set</span>
            <select
              className="input"
              value={known ? dataset : ""}
              onChange={(event) =>
                void navigate({ search: ({ picked: _, ...before }) => ({ ...before, dataset: event.target.value }) })
              }
            >
              {!known && <option value="">choose one</option>}
              {choices.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        )
      }
    >
      {dataset ? (
        <OfDataset key={dataset} dataset={dataset} />
      ) : (
        <Answer query={newest} label="the students" heights={[60, 460]}>
          {() => (
            <Begin>
              Every trained student stands here by what it costs and what it is worth, beside its teacher. There is none
              yet.
            </Begin>
          )}
        </Answer>
      )}
    </Page>
  );
}

function OfDataset({ dataset }: { dataset: string }) {
  const query = useQuery(candidatesQuery(dataset));
  return (
    <Answer query={query} label="the students" heights={[60, 460]}>
      {(students) =>
        students.some((one) => one.role === "student") ? (
          <Explored students={students} />
        ) : (
          <Untrained dataset={dataset} />
        )
      }
    </Answer>
  );
}

/** The service lists no students for a data set that is not there, as for one that nobody has used. */
function Untrained({ dataset }: { dataset: string }) {
  const query = useQuery(datasetQuery(dataset));
  if (isNotFound(query.error)) {
    return (
      <div className="card">
        <Empty
          action={
            <Link to="/explore" search={{}} className="button primary">
              Explore what was trained last
            </Link>
          }
        >
          There is no such data set: it was deleted, or never here. Choose another one.
        </Empty>
      </div>
    );
  }
  return (
    <Answer query={query} label="the data set" heights={[460]}>
      {() => <Begin>No student has been trained on this data set yet.</Begin>}
    </Answer>
  );
}

function Begin({ children }: { children: string }) {
  return (
    <div className="card">
      <Empty
        action={
          <Link to="/jobs/new" className="button primary">
            New distillation
          </Link>
        }
      >
        {children}
      </Empty>
    </div>
  );
}
