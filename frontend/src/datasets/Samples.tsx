import { useQueries } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { count, plural } from "@/format";
import { Card } from "@/ui/Card";
import { Empty, Failure } from "@/ui/faces";
import { Choice } from "@/uploads/Choice";
import { ClassDialog } from "./ClassDialog";
import { Images } from "./Images";
import { type Dataset, type Split, samplesQuery } from "./queries";

const SPLITS: readonly Split[] = ["train", "val", "test"];
const PAGE = 24;
const PER_CLASS = 4;
const SIDE = 72;

/** How the classes look, a page of them at a time: twenty thousand are no more work than twenty. */
export function Samples({ dataset }: { dataset: Dataset }) {
  const names = dataset.classes ?? [];
  const [split, setSplit] = useState<Split>("train");
  const [text, setText] = useState("");
  const [page, setPage] = useState(0);
  const [open, setOpen] = useState<number | null>(null);
  const wanted = useDeferredValue(text.trim().toLocaleLowerCase());
  const found = useMemo(() => {
    const all = names.map((_, i) => i);
    return wanted ? all.filter((i) => names[i]?.toLocaleLowerCase().includes(wanted)) : all;
  }, [names, wanted]);
  const shown = found.slice(page * PAGE, (page + 1) * PAGE);
  const queries = useQueries({
    queries: stretches(shown).map(({ first, length }) =>
      samplesQuery(dataset.id, { split, per_class: PER_CLASS, limit: length, after: first - 1 }),
    ),
  });
  const classes = new Map(queries.flatMap((query) => query.data?.classes ?? []).map((one) => [one.index, one]));
  const failed = queries.find((query) => query.isError);
  const counts = dataset.report?.per_class[split];
  const crisp = dataset.form === "pixels" && (dataset.image_size ?? 0) <= SIDE;
  const splits = SPLITS.filter((one) => dataset.counts?.[one]).map((key) => ({ key, name: key }));
  const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
  return (
    <Card title="How its classes look" aside={place(found.length, names.length, page)}>
      <div className="row samples-head">
        <Choice
          label="Split"
          choices={splits}
          value={split}
          onChange={(to) => {
            setSplit(to);
          }}
        />
        <div className="search">
          <Search size={16} aria-hidden />
          <input
            className="input"
            type="search"
            aria-label="Search a class by name"
            placeholder="Search a class"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setPage(0);
            }}
          />
        </div>
      </div>
      {failed ? (
        <Failure error={failed.error} onRetry={() => void failed.refetch()} />
      ) : found.length === 0 ? (
        <Empty>No class has “{text}” in its name.</Empty>
      ) : (
        <ul className="samples">
          {shown.map((index) => {
            const one = classes.get(index);
            const name = names[index] ?? "";
            return (
              <li key={index}>
                <button type="button" className="class-name" onClick={() => setOpen(index)}>
                  <span className="clip" title={name} dir="auto">
                    {name}
                  </span>
                  <span className="soft small nowrap">{counts ? count(counts[index]) : ""}</span>
                </button>
                <span className="thumbs">
                  {one ? (
                    <Images images={one.images} of={name} side={SIDE} crisp={crisp} />
                  ) : (
                    Array.from({ length: PER_CLASS }, (_, i) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: places have no identity
                      <span key={i} className="thumb skeleton" />
                    ))
                  )}
                  {one?.images.length === 0 && <span className="soft small">none in {split}</span>}
                </span>
              </li>
            );
          })}
        </ul>
      )}
      {last > 0 && (
        <nav className="row" aria-label="Classes">
          <button type="button" className="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
            Previous
          </button>
          <button type="button" className="button" disabled={page >= last} onClick={() => setPage(page + 1)}>
            Next
          </button>
        </nav>
      )}
      {open !== null && (
        <ClassDialog
          dataset={dataset}
          split={split}
          index={open}
          name={names[open] ?? ""}
          images={counts?.[open]}
          onClose={() => setOpen(null)}
        />
      )}
    </Card>
  );
}

function place(found: number, all: number, page: number): string {
  if (found <= PAGE && found === all) return plural(all, "class", "classes");
  if (found === 0) return `none of ${count(all)}`;
  const from = page * PAGE + 1;
  return `${count(from)}–${count(Math.min(found, from + PAGE - 1))} of ${plural(found, "class", "classes")}`;
}

/** Neighbours are asked for together: [3, 4, 5, 9] are two questions. */
export function stretches(indices: readonly number[]): { first: number; length: number }[] {
  const all: { first: number; length: number }[] = [];
  for (const index of indices) {
    const last = all.at(-1);
    if (last && last.first + last.length === index) last.length++;
    else all.push({ first: index, length: 1 });
  }
  return all;
}
