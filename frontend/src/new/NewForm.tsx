import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { ApiError } from "@/api/client";
import { datasetQuery } from "@/datasets/queries";
import { jobKeys } from "@/jobs/queries";
import { Page } from "@/shell/Page";
import { teacherQuery } from "@/teachers/queries";
import { Notice } from "@/ui/faces";
import { CommandCard } from "./CommandCard";
import type { Wrong } from "./check";
import { TheForm } from "./context";
import { Folded } from "./Folded";
import { byPlace, checkForm, emptyForm, formOf, type RecipeForm, remember, remembered, suggestedName } from "./form";
import { LossCard } from "./LossCard";
import { deliveryLine, scheduleLine } from "./lines";
import { PartsCard } from "./PartsCard";
import { PresetSelect } from "./PresetSelect";
import { withAt } from "./pointer";
import { refusalOf, start, useOpinion } from "./preview";
import type { Loss, Preset } from "./queries";
import { SchemaField, SchemaFields } from "./SchemaField";
import { StudentsCard } from "./Students";
import { SummaryCard } from "./SummaryCard";
import type { Fields, JsonSchema } from "./schema";
import { visit } from "./visit";
import { wishOf } from "./wish";

interface Props {
  schema: JsonSchema;
  losses: readonly Loss[];
  presets: readonly Preset[];
  /** The recipe of the job that is to be run again. */
  from: Fields | null;
  /** That job is not there. */
  gone: boolean;
  teacher: string | undefined;
  dataset: string | undefined;
}

const DELIVERY = ["exports", "priority", "teacher_check", "metadata", "resources", "init", "teacher_adapter"] as const;
const WITHOUT: readonly Wrong[] = [];

function begin({ schema, from, teacher, dataset }: Props): RecipeForm {
  const form = from ? formOf(schema, from) : (remembered() ?? emptyForm(schema));
  return { ...form, ...(teacher ? { teacher } : {}), ...(dataset ? { dataset } : {}) };
}

export function NewForm(props: Props) {
  const { schema, losses, presets } = props;
  const navigate = useNavigate();
  const client = useQueryClient();
  const [form, setForm] = useState(() => begin(props));
  const [gone] = useState(props.gone); // the address forgets it
  const [opened, setOpened] = useState({ schedule: false, delivery: false });
  const [tried, setTried] = useState(false);
  const change = (pointer: string, value: unknown) => setForm((now) => withAt(now, pointer, value));

  useEffect(() => remember(form), [form]);
  // What the address asked for is in the form now; a reload must not ask for it again.
  useEffect(() => void navigate({ to: "/jobs/new", search: {}, replace: true }), [navigate]);

  const { data: teacher } = useQuery({ ...teacherQuery(form.teacher ?? ""), enabled: !!form.teacher });
  const { data: dataset } = useQuery({ ...datasetQuery(form.dataset), enabled: form.dataset !== "" });
  const classes = dataset?.classes?.length ?? teacher?.classes ?? 10;

  const preset = presets.find((one) => one.name === form.preset);
  const suggested = suggestedName(form, dataset?.name);
  const wish = useMemo(() => {
    const { teacher: who, dataset: images, ...rest } = form;
    const chosen = { ...rest, ...(who ? { teacher: who } : {}), ...(images ? { dataset: images } : {}) };
    return wishOf(schema, { ...chosen, name: form.name || suggested }, preset?.recipe ?? null);
  }, [form, preset, schema, suggested]);

  const { wrong, missing } = useMemo(() => checkForm(schema, form), [schema, form]);
  const askable = missing.every((one) => one.pointer === "/teacher");
  const opinion = useOpinion(askable ? wish : null, `${teacher?.status} ${dataset?.status}`);
  const starting = useMutation({
    mutationFn: () => start(wish),
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: jobKeys.lists });
      return navigate({ to: "/jobs/$id", params: { id: job.id } });
    },
  });
  const { reset: forget } = starting;
  const unheard = starting.error instanceof ApiError && starting.error.status === 0;
  useEffect(() => {
    if (unheard && opinion?.failure?.status !== 0) forget(); // it answers again
  }, [unheard, opinion, forget]);
  const refused = starting.error instanceof ApiError ? refusalOf(starting.error) : null;
  const told = opinion?.wrong ?? WITHOUT;
  const shown = useMemo(() => byPlace([tried ? missing : WITHOUT, wrong, told]), [tried, missing, wrong, told]);
  const open = useMemo(
    () => [...byPlace([missing, wrong, told])].map(([pointer, detail]): Wrong => ({ pointer, detail })),
    [missing, wrong, told],
  );

  const unfold = (pointer: string) =>
    setOpened((now) => ({
      schedule: now.schedule || pointer.startsWith("/training"),
      delivery: now.delivery || DELIVERY.some((name) => pointer.startsWith(`/${name}`)),
    }));
  const toField = (pointer: string) => {
    unfold(pointer);
    window.setTimeout(() => visit(pointer)); // once what was folded is there
  };
  const go = () => {
    if (starting.isPending) return;
    setTried(true);
    const [first] = open;
    if (first) toField(first.pointer);
    else starting.mutate();
  };
  const context = useMemo(() => ({ root: schema, wrong: shown }), [schema, shown]);
  const choosePreset = (preset: Preset | null) => {
    const { teacher: who, dataset: images, name } = form;
    const filled = preset ? formOf(schema, { ...preset.recipe }) : { ...form, preset: null };
    setForm({ ...filled, teacher: who, dataset: images, name: preset ? "" : name });
  };
  return (
    <TheForm value={context}>
      <Page
        title="New distillation"
        aside={
          <>
            <PresetSelect presets={presets} chosen={form.preset} onChoose={choosePreset} />
            <button
              type="button"
              className="button"
              onClick={() => {
                setTried(false);
                setForm(emptyForm(schema));
              }}
            >
              Start over
            </button>
          </>
        }
      >
        {gone && (
          <Notice kind="warn" title="The job to run again is not there">
            <p>It was deleted, or never here: its recipe cannot be filled in.</p>
          </Notice>
        )}
        {preset && (
          <p className="soft wrap preset-said">
            <b>{preset.name.replaceAll("_", " ")}</b>: {preset.description} It fills all but teacher and data set; what
            you change goes before it.
          </p>
        )}
        <div className="new-grid">
          <div className="stack new-main">
            <PartsCard
              teacher={form.teacher}
              dataset={form.dataset}
              known={{ teacher, dataset }}
              onTeacher={(id) => change("/teacher", id)}
              onDataset={(id) => change("/dataset", id)}
            />
            <StudentsCard
              form={form}
              losses={losses}
              classes={classes}
              side={dataset?.image_size ?? null}
              onChange={change}
            />
            <LossCard
              losses={losses}
              value={form.loss}
              taught={form.teacher !== null}
              onChange={(loss) => change("/loss", loss)}
            />
            <Folded
              title="Schedule"
              line={scheduleLine(form)}
              pointers={["/training"]}
              open={opened.schedule}
              onOpen={(to) => setOpened({ ...opened, schedule: to })}
            >
              <div className="fields">
                <SchemaFields
                  schema={schema.properties?.training ?? {}}
                  pointer="/training"
                  value={form.training}
                  onChange={(to) => change("/training", to)}
                />
              </div>
            </Folded>
            <Folded
              title="Run and files"
              line={deliveryLine(form)}
              pointers={DELIVERY.map((name) => `/${name}`)}
              open={opened.delivery}
              onOpen={(to) => setOpened({ ...opened, delivery: to })}
            >
              <div className="fields">
                {DELIVERY.map((name) => (
                  <SchemaField
                    key={name}
                    name={name}
                    schema={schema.properties?.[name] ?? {}}
                    pointer={`/${name}`}
                    value={form[name]}
                    onChange={(to) => change(`/${name}`, to)}
                  />
                ))}
              </div>
            </Folded>
          </div>
          <div className="stack new-side">
            <SummaryCard
              form={form}
              teacher={teacher}
              dataset={dataset}
              classes={classes}
              opinion={opinion}
              suggested={suggested}
              open={open}
              tried={tried}
              starting={starting.isPending}
              error={refused?.wrong.length ? null : starting.error}
              onName={(name) => change("/name", name)}
              onStart={go}
              onVisit={toField}
            />
            <CommandCard wish={wish} />
          </div>
        </div>
      </Page>
    </TheForm>
  );
}
