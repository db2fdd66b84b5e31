import type { ReactNode } from "react";
import { Failure } from "@/ui/faces";

interface Props {
  word: string;
  wish: {
    possible: boolean;
    waiting: boolean;
    isPending: boolean;
    error: unknown;
    ask: () => void;
    takeBack: () => void;
  };
  /** Whether everything else is given. */
  complete: boolean;
  /** The error stands beside its field already. */
  placed: boolean;
  onCancel?: (() => void) | undefined;
  children?: ReactNode;
}

/** The end of a form: the button, what it waits for, what the service said. */
export function Ask({ word, wish, complete, placed, onCancel, children }: Props) {
  return (
    <div className="stack tight">
      {wish.error && !placed ? <Failure error={wish.error} /> : null}
      <div className="row">
        {wish.waiting ? (
          <button type="button" className="button" onClick={wish.takeBack}>
            Not yet
          </button>
        ) : (
          <button type="submit" className="button primary" disabled={!wish.possible || !complete || wish.isPending}>
            {word}
          </button>
        )}
        {onCancel && (
          <button type="button" className="button" onClick={onCancel}>
            Close
          </button>
        )}
        <span className="small soft" role="status">
          {wish.waiting ? "It is added as soon as the file is here." : children}
        </span>
      </div>
    </div>
  );
}
