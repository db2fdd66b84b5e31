import { AskName } from "@/ui/AskName";
import { type ApiKey, useRevokeKey } from "./queries";

interface Props {
  apiKey: ApiKey;
  /** This browser signed in with it. */
  own: boolean;
  onClose: () => void;
}

/** Asks for the name before a key is refused for good. */
export function RevokeDialog({ apiKey, own, onClose }: Props) {
  const revoke = useRevokeKey(apiKey.id);
  return (
    <AskName
      title="Revoke this key?"
      name={apiKey.name}
      word="revoke"
      verb="Revoke it"
      deed={revoke}
      onDone={onClose}
      onClose={onClose}
    >
      From now on it is refused, and so is every browser that signed in with it
      {own ? ": this one too, you will have to sign in again with another key" : ""}. This cannot be undone.
    </AskName>
  );
}
