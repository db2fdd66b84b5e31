import { ShownOnce } from "../ShownOnce";

interface Props {
  title: string;
  secret: string | null;
  onClose: () => void;
}

/** A webhook's secret, this once. */
export function Secret(props: Props) {
  return (
    <ShownOnce label="Copy the secret" {...props}>
      Messages are signed with it, as Standard Webhooks has it; the receiver verifies them. It is not shown again.
    </ShownOnce>
  );
}
