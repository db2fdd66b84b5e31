import { Link } from "@tanstack/react-router";
import { Empty } from "@/ui/faces";
import { Page } from "./Page";

/** An address that leads nowhere, or to something that is gone. */
export function NotFound({ what = "page" }: { what?: string }) {
  return (
    <Page title={`No such ${what}`}>
      <div className="card">
        <Empty
          action={
            <Link to="/" className="button">
              To the overview
            </Link>
          }
        >
          There is no {what} at this address. It may have been deleted, or the address has a slip in it.
        </Empty>
      </div>
    </Page>
  );
}
