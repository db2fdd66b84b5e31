import { Link } from "@tanstack/react-router";

interface Props {
  to: "/students" | "/teachers" | "/datasets" | "/workers";
  after: string | undefined;
  next: string | null;
}

export function Pager({ to, after, next }: Props) {
  return (
    <>
      {after && (
        <Link to={to} search={{}} className="button">
          Newest
        </Link>
      )}
      {next && (
        <Link to={to} search={{ after: next }} className="button">
          Older
        </Link>
      )}
    </>
  );
}
