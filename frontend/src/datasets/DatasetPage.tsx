import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { isNotFound } from "@/api/client";
import { bytes, count, moment, plural } from "@/format";
import { NotFound } from "@/shell/NotFound";
import { Page } from "@/shell/Page";
import { Answer } from "@/ui/Answer";
import { Card } from "@/ui/Card";
import { Facts } from "@/ui/Facts";
import { Notice } from "@/ui/faces";
import { Status } from "@/ui/Status";
import { type Dataset, datasetQuery, samplesQuery } from "./queries";

/** One set of images: what is in it, and how it looks. */
export function DatasetPage() {
  const { id } = useParams({ from: "/shell/datasets/$id" });
  const query = useQuery(datasetQuery(id));
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
    >
      <Answer query={query} label="the data set" heights={[280, 240]}>
        {(loaded) => (
          <>
            {loaded.error && (
              <Notice kind="bad" title={loaded.error.title || loaded.error.code}>
                <p className="wrap">{loaded.error.detail}</p>
                {loaded.error.hint && <p>{loaded.error.hint}</p>}
              </Notice>
            )}
            {loaded.status === "ready" && <Samples dataset={loaded} />}
            <About dataset={loaded} />
          </>
        )}
      </Answer>
    </Page>
  );
}

function Samples({ dataset }: { dataset: Dataset }) {
  const query = useQuery(samplesQuery(dataset.id));
  return (
    <Card title="How its classes look" aside="from the train split">
      <Answer query={query} label="samples" heights={[240]}>
        {({ classes }) => (
          <ul className="samples">
            {classes.map((one) => (
              <li key={one.index} className="stack tight">
                <span className="small strong clip" title={one.name}>
                  {one.name}
                </span>
                <span className="row">
                  {one.images.map((image) => (
                    <img
                      key={image.url}
                      src={image.url}
                      alt={`${one.name}: ${image.name}`}
                      width={32}
                      height={32}
                      loading="lazy"
                    />
                  ))}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </Card>
  );
}

function About({ dataset }: { dataset: Dataset }) {
  const { counts, classes, ignored, mean, std } = dataset;
  const source = dataset.source as { kind?: string; name?: string };
  const per = (values: number[] | null) => values?.map((value) => value.toFixed(3)).join(", ") ?? "–";
  return (
    <Card title="What is in it">
      <Facts
        facts={[
          ["classes", classes ? count(classes.length) : "–"],
          [
            "images",
            counts
              ? Object.entries(counts)
                  .map(([split, n]) => `${count(n)} ${split}`)
                  .join(", ")
              : "–",
          ],
          ["side", dataset.image_size ? `${dataset.image_size}\u202fpx` : "–"],
          ["mean of the train split", per(mean)],
          ["std of the train split", per(std)],
          ["came from", [source.kind, source.name].filter(Boolean).join(": ")],
          ...(ignored?.length ? [["left out", plural(ignored.length, "file")] as const] : []),
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
