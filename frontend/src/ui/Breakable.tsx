import { Fragment } from "react";

/** A network's name, which may go on in the next line behind each _ rather than in the middle of a word. */
export const Breakable = ({ name }: { name: string }) =>
  name.split(/(?<=_)/).map((part, n) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have no identity
    <Fragment key={n}>
      {n > 0 && <wbr />}
      {part}
    </Fragment>
  ));
