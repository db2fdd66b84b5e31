import { ChevronDown, ChevronUp, Download, Search } from "lucide-react";
import type { ReactNode } from "react";
import { count, plural } from "@/format";
import { type Found, LEVELS, numberOf, type Wish } from "./find";

interface Props {
  wish: Wish;
  wrap: boolean;
  found: Found;
  marked: number | undefined;
  following: boolean;
  /** The number of the first line that tells of an error. */
  firstError: number | undefined;
  onChange: (change: Partial<Wish> & { wrap?: boolean; marked?: number }) => void;
  onStep: (by: 1 | -1) => void;
  onFollow: () => void;
  onDownload: () => void;
}

/** What is shown of a log, and the ways through it. */
export function LogBar(props: Props) {
  const { wish, wrap, found, marked, following, firstError, onChange, onStep, onFollow, onDownload } = props;
  return (
    <div className="row log-bar">
      <fieldset className="row filters">
        <legend className="unseen">Lowest level</legend>
        {LEVELS.map((one) => (
          <Toggle key={one} on={one === wish.level} onClick={() => onChange({ level: one })}>
            {one === "debug" ? "all" : one}
          </Toggle>
        ))}
      </fieldset>
      <div className="row find">
        <div className="search">
          <Search size={16} aria-hidden />
          <input
            className="input"
            type="search"
            aria-label="Search the log"
            placeholder="Search the log"
            value={wish.text}
            onChange={(event) => onChange({ text: event.target.value })}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              onStep(event.shiftKey ? -1 : 1);
            }}
          />
        </div>
        {wish.text && (
          <>
            <span className="small soft hits" aria-live="polite">
              {found.hits.length === 0
                ? "no hits"
                : numberOf(found, marked)
                  ? `${count(numberOf(found, marked))} of ${count(found.hits.length)}`
                  : plural(found.hits.length, "hit")}
            </span>
            <Step label="Previous hit" disabled={!found.hits.length} onClick={() => onStep(-1)}>
              <ChevronUp size={16} aria-hidden />
            </Step>
            <Step label="Next hit" disabled={!found.hits.length} onClick={() => onStep(1)}>
              <ChevronDown size={16} aria-hidden />
            </Step>
            <Toggle on={wish.only} onClick={() => onChange({ only: !wish.only })}>
              Only hits
            </Toggle>
          </>
        )}
      </div>
      <div className="row end">
        {firstError !== undefined && (
          <button type="button" className="button" onClick={() => onChange({ marked: firstError })}>
            First error
          </button>
        )}
        <Toggle on={wrap} onClick={() => onChange({ wrap: !wrap })}>
          Wrap
        </Toggle>
        <Toggle on={following} onClick={onFollow}>
          Follow
        </Toggle>
        <Step label="Download as text" disabled={false} onClick={onDownload}>
          <Download size={16} aria-hidden />
        </Step>
      </div>
    </div>
  );
}

function Toggle({ on, onClick, children }: { on: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className="button" aria-pressed={on} onClick={onClick}>
      {children}
    </button>
  );
}

interface StepProps {
  label: string;
  disabled: boolean;
  onClick: () => void;
  children: ReactNode;
}

const Step = ({ label, disabled, onClick, children }: StepProps) => (
  <button type="button" className="button icon" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
    {children}
  </button>
);
