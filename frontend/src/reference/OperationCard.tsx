import { Link as LinkIcon } from "lucide-react";
import { service } from "@/api/root";
import { Command } from "@/ui/Copy";
import { curl } from "./curl";
import { type Operation, type Parameter, schemaOf } from "./document";
import { Prose } from "./Prose";
import { SchemaView } from "./SchemaView";
import { limits, type Schemas, typed } from "./schema";

interface Props {
  operation: Operation;
  schemas: Schemas;
  open: boolean;
  onToggle: (open: boolean) => void;
}

/** One operation: a line to find it by, and all of it once it is open. */
export function OperationCard({ operation, schemas, open, onToggle }: Props) {
  const { method, path, operationId, description, summary } = operation;
  return (
    <details
      id={operationId}
      className="operation"
      open={open}
      onToggle={(event) => event.currentTarget.open !== open && onToggle(event.currentTarget.open)}
    >
      <summary>
        <span className={`method of-${method}`}>{method.toUpperCase()}</span>
        <code className="path">
          <Path path={path} />
        </code>
        <span className="small soft clip">{firstSentence(description ?? summary ?? "")}</span>
      </summary>
      {open && <Whole operation={operation} schemas={schemas} />}
    </details>
  );
}

function Whole({ operation, schemas }: { operation: Operation; schemas: Schemas }) {
  const { operationId, description, parameters = [], requestBody, responses } = operation;
  return (
    <div className="stack">
      <div className="spread">
        <div className="stack tight">{description && <Prose text={description} />}</div>
        <a className="small soft row" href={`#${operationId}`} aria-label={`Link to ${operationId}`}>
          <LinkIcon size={14} aria-hidden />
          {operationId}
        </a>
      </div>
      <Command text={curl(operation, schemas, service)} />
      {parameters.length > 0 && <Parameters parameters={parameters} />}
      {Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => (
        <section key={type} className="stack tight">
          <h3>
            Sent <span className="small soft">{type}</span>
          </h3>
          {schema && <SchemaView schema={schema} schemas={schemas} />}
        </section>
      ))}
      <section className="stack tight">
        <h3>Answers</h3>
        <ul className="answers">
          {Object.entries(responses).map(([status, { description: what, content = {} }]) => (
            <li key={status} className="stack tight">
              <span>
                <code className="strong">{status === "default" ? "otherwise" : status}</code>{" "}
                <span className="small soft">{what === "Successful Response" ? "" : what}</span>
              </span>
              {Object.entries(content).map(([type, media]) => {
                const schema = schemaOf(media);
                return (
                  <details key={type} className="more">
                    <summary>
                      {type}
                      {schema && `, ${typed(schema)}`}
                    </summary>
                    {schema && <SchemaView schema={schema} schemas={schemas} />}
                  </details>
                );
              })}
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function Parameters({ parameters }: { parameters: readonly Parameter[] }) {
  return (
    <section className="stack tight">
      <h3>Parameters</h3>
      <ul className="schema">
        {parameters.map(({ name, in: place, required, description, schema }) => (
          <li key={`${place} ${name}`} className="schema-field">
            <span>
              <code className="strong">{name}</code>
              {required && <span className="small required"> required</span>}
            </span>
            <span className="stack tight">
              <span className="small soft wrap">
                {place} · <code>{typed(schema)}</code>
                {limits(schema).map((limit) => ` · ${limit}`)}
              </span>
              {description && <Prose text={description} />}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What must be filled in stands out. */
function Path({ path }: { path: string }) {
  return path.split(/(\{\w+\})/).map((part, i) =>
    part.startsWith("{") ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have no identity
      <span key={i} className="soft">
        {part}
      </span>
    ) : (
      part
    ),
  );
}

const firstSentence = (text: string): string => (/^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text).replaceAll("`", "");
