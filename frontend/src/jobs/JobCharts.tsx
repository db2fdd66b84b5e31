import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { SeriesKey } from "@/charts/SeriesKey";
import { Answer } from "@/ui/Answer";
import { Empty } from "@/ui/faces";
import { useAxis } from "./axis";
import { grouped, isFound } from "./charts/about";
import { MetricChart } from "./charts/MetricChart";
import { Toolbar } from "./charts/Toolbar";
import { useJob } from "./JobPage";
import { axisOf, castOf, teacherLevel } from "./lines";
import { type Job, type Metrics, metricsQuery, type Series } from "./queries";

/** Every metric of the job, by name. A name that is new here is drawn all the same. */
export function JobCharts() {
  const job = useJob();
  const query = useQuery(metricsQuery(job.id));
  return (
    <Answer query={query} label="the curves" heights={[76, 300, 300]}>
      {(metrics) =>
        metrics.series.some((one) => !isTeachers(one)) ? (
          <Charts job={job} metrics={metrics} />
        ) : (
          <div className="card">
            <Empty>No curves yet: the first points come within a few steps of training.</Empty>
          </div>
        )
      }
    </Answer>
  );
}

const isTeachers = (one: Series) => one.name.startsWith("teacher/");

function Charts({ job, metrics: { series } }: { job: Job; metrics: Metrics }) {
  const { find = "" } = useSearch({ from: "/shell/jobs/$id/charts" });
  const navigate = useNavigate({ from: "/jobs/$id/charts" });
  const axis = useAxis(job);
  const byName = useMemo(() => {
    const names = new Map<string, Series[]>();
    for (const one of series) names.set(one.name, [...(names.get(one.name) ?? []), one]);
    return names;
  }, [series]);
  const teacher = series.filter(isTeachers);
  const names = [...byName.keys()].filter((name) => !name.startsWith("teacher/"));
  const found = names.filter((name) => isFound(name, find));
  return (
    <>
      <Toolbar
        plainly={axisOf(job).name}
        timed={job.started_at !== null}
        find={find}
        onFind={(text) =>
          void navigate({
            search: ({ find: _, ...others }) => (text ? { ...others, find: text } : others),
            replace: true,
          })
        }
      >
        <SeriesKey lines={castOf(job.students)} levels={teacherLevel(job, series)} />
      </Toolbar>
      {found.length === 0 && (
        <div className="card">
          <Empty>No chart is called “{find}”.</Empty>
        </div>
      )}
      {grouped(found).map(([group, members]) => (
        <section key={group} className="stack" aria-label={group}>
          <h2>{group}</h2>
          <div className="grid halves">
            {members.map((name) => (
              <MetricChart
                key={name}
                name={name}
                job={job}
                series={name === "val/top1" ? [...(byName.get(name) ?? []), ...teacher] : (byName.get(name) ?? [])}
                axis={axis}
              />
            ))}
          </div>
        </section>
      ))}
      <p className="small soft">Drag across a chart to look closer, everywhere at once. Arrow keys move the cursor.</p>
    </>
  );
}
