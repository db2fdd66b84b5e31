import { type ReactNode, useEffect } from "react";

interface Props {
  title: string;
  heading?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}

/** A page: its name in the tab, its heading, what belongs beside it. */
export function Page({ title, heading, aside, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Distillery`;
  }, [title]);
  return (
    <main className="page" id="content" tabIndex={-1}>
      <div className="head">
        {heading ?? <h1>{title}</h1>}
        {aside && <div className="row">{aside}</div>}
      </div>
      {children}
    </main>
  );
}
