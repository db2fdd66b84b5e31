import { Fragment } from "react";
import { Notice } from "@/ui/faces";
import type { Caution } from "./candidates";

/** A caution in a sentence: no name in it may take more room than the rest. */
export function Cautioned({ caution: { title, text, parts } }: { caution: Caution }) {
  return (
    <Notice kind="warn" title={title}>
      <p className="wrap">
        {text}
        {parts.map(({ name, whose }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two parts may have one name
          <Fragment key={i}>
            {i === 0 ? ": " : " "}
            <Named name={name} />
            {whose.map((job, n) => (
              <Fragment key={job}>
                {" "}
                <span className="nowrap">
                  {n === 0 && "("}
                  <Named name={job} />
                  {n < whose.length - 1 ? "," : i < parts.length - 1 ? ");" : ")."}
                </span>
              </Fragment>
            ))}
          </Fragment>
        ))}
        {parts.length === 0 && "."}
      </p>
    </Notice>
  );
}

const Named = ({ name }: { name: string }) => (
  <span className="named" title={name} dir="auto">
    {name}
  </span>
);
