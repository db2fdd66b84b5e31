import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { FlaskConical } from "lucide-react";
import { isNotFound } from "@/api/client";
import { bytes, count, moment, plural } from "@/format";
import { NotFound } from "@/shell/NotFound";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Notice } from "@/ui/faces";
import { Status } from "@/ui/Status";
import { Delete } from "@/uploads/Delete";
import { Reading } from "@/uploads/Reading";
import { Rejection } from "@/uploads/Rejection";
import { UsedIn } from "@/uploads/UsedIn";
import { Balance } from "./Balance";
import { Found } from "./Found";
import { type Dataset, datasetJobsQuery, datasetQuery, useDeleteDataset } from "./queries";
import { Samples } from "./Samples";

/** One set of images: how it looks, what is in it, what reading it has found. */
export function DatasetPage() {
  const { id } = useParams({ from: "/shell/datasets/$id" });
  const navigate = useNavigate();
  const query = useQuery(datasetQuery(id));
  const remove = useDeleteDataset(id);
  if (isNotFound(query.error)) return <NotFound what="data set" />;
  const dataset = query.data;
  return (
    <Page
      title={dataset?.name ?? "Data set"}
      heading={
        <div className="row job-heading">
          <h1 className="wrap">{dataset?.name ?? "Data set"}</h1>
          {dataset && <Status value={dataset.status} />}
        </div>
      }
      aside={
        dataset && (
          <>
            {dataset.status === "ready" && (
              <Link to="/jobs/new" search={{ dataset: id }} className="button primary">
                <FlaskConical size={14} aria-hidden />
                Distil on it
              </Link>
            )}
            <Delete
              what="data set"
              name={dataset.name}
              consequence="Its images go with it. Jobs and teachers that use it keep it from being deleted."
              remove={remove}
              onGone={() => void navigate({ to: "/datasets" })}
            />
          </>
        )
      }
    >
      <Answer query={query} label="the data set" heights={[280, 240]}>
        {(loaded) => <Loaded dataset={loaded} />}
      </Answer>
    </Page>
  );
}

function Loaded({ dataset }: { dataset: Dataset }) {
  const { status, error, warnings, report } = dataset;
  return (
    <>
      {status !== "validating" && <p className="soft facts-line">{summary(dataset)}</p>}
      {error && <Rejection error={error} />}
      {status === "validating" && (
        <div className="card">
          <Reading what="images" since={dataset.created_at} progress={dataset.progress} />
        </div>
      )}
      {warnings && warnings.length > 0 && (
        <Notice kind="warn" title={warnings.length === 1 ? "One thing to know" : `${warnings.length} things to know`}>
          <ul className="stack tight">
            {warnings.map((warning) => (
              <li key={warning} className="wrap">
                {warning}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {status === "ready" && (
        <>
          <Samples dataset={dataset} />
          <div className="grid halves">
            <Balance dataset={dataset} />
            {report && <Found dataset={dataset} report={report} />}
          </div>
        </>
      )}
      <div className="grid halves">
        <About dataset={dataset} />
        <UsedIn query={useQuery(datasetJobsQuery(dataset.id))} what="data set" />
      </div>
    </>
  );
}

function summary({ status, classes, counts, image_size, unlabelled }: Dataset): string {
  if (status === "rejected") return "It was refused, and nothing was made of it.";
  const images = Object.values(counts ?? {}).reduce((a, b) => a + b, 0);
  return [
    plural(classes?.length ?? 0, "class", "classes"),
    plural(images, "image"),
    Object.entries(counts ?? {})
      .map(([split, n]) => `${count(n)} ${split}`)
      .join(", "),
    unlabelled ? `${count(unlabelled)} without a label` : null,
    image_size ? `prepared at ${image_size}\u202fpx` : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

const FORMS = { pixels: "pixels, ready to use", files: "image files, decoded while training" };

function About({ dataset }: { dataset: Dataset }) {
  const { mean, std, form } = dataset;
  const source = dataset.source as Record<string, unknown>;
  const per = (values: number[] | null) => values?.map((value) => value.toFixed(3)).join(", ") ?? "–";
  const drawn = ["val_fraction", "test_fraction", "seed"].filter((name) => source[name] !== undefined);
  return (
    <Card title="What it is">
      <Facts
        facts={[
          ["came from", from(source)],
          ...(drawn.length && source.kind !== "builtin"
            ? [
                [
                  "what is drawn where no split is given",
                  drawn.map((name) => `${name.replace("_", " ")} ${source[name]}`).join(", "),
                ] as const,
              ]
            : []),
          ["kept as", form ? FORMS[form] : "–"],
          ["mean of the train split", per(mean)],
          ["standard deviation", per(std)],
          ["size", bytes(dataset.bytes)],
          [
            "SHA-256",
            <span key="hash" className="hash">
              {dataset.sha256 ?? "–"}
            </span>,
          ],
          ["created", moment(dataset.created_at)],
          ["id", <code key="id">{dataset.id}</code>],
        ]}
      />
    </Card>
  );
}

function from(source: Record<string, unknown>): string {
  if (source.kind === "builtin") return `the known set ${source.name}`;
  if (source.kind === "folder") return `the server's folder ${source.path}`;
  return "an uploaded archive";
}
