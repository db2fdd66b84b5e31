import { useQuery } from "@tanstack/react-query";
import { plural } from "@/format";
import { Answer } from "@/ui/Answer";
import { builtinsQuery } from "./queries";

interface Props {
  value: string;
  onChange: (name: string) => void;
  problem: string;
}

/** The sets that the service knows by name; those whose files it lacks say which and where they go. */
export function KnownSets({ value, onChange, problem }: Props) {
  const query = useQuery(builtinsQuery);
  return (
    <fieldset className="known">
      <legend className="unseen">Known sets</legend>
      <Answer query={query} label="the known sets" heights={[66, 66, 66]}>
        {({ data }) => (
          <div className="known-sets">
            {data.map((set) => {
              const missing = set.files.filter((file) => !file.there);
              return (
                <label key={set.name} className="known-set">
                  <input
                    type="radio"
                    name="known-set"
                    value={set.name}
                    checked={set.name === value}
                    disabled={!set.available}
                    onChange={() => onChange(set.name)}
                  />
                  <span className="stack tight">
                    <span className="row">
                      <b>{set.name}</b>
                      <span className="small soft">{plural(set.classes, "class", "classes")}</span>
                    </span>
                    <span className="small soft">{set.description}</span>
                    {missing.length > 0 && (
                      <span className="small wrap">
                        Needs{" "}
                        {missing.map((file, i) => (
                          <span key={file.name}>
                            {i > 0 && ", "}
                            <a href={file.url} rel="noreferrer" target="_blank">
                              {file.name}
                            </a>
                          </span>
                        ))}{" "}
                        in <code>{set.folder}</code> on the server.
                      </span>
                    )}
                  </span>
                </label>
              );
            })}
          </div>
        )}
      </Answer>
      {problem && (
        <p className="small bad wrap" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}
