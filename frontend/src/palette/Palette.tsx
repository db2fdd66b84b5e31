import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { Search } from "lucide-react";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import { CancelDialog } from "@/jobs/CancelDialog";
import type { Job } from "@/jobs/queries";
import { Keys } from "@/shortcuts/Keys";
import { foundQuery } from "./found";
import { type Group, grouped } from "./groups";
import type { Item } from "./items";
import { useActions, useCommands, useFoundItems, useRecentItems } from "./sources";

interface Props {
  onClose: () => void;
  onHelp: () => void;
}

/** Search over everything that has a name, and the way to every page, from the keyboard alone. */
export function Palette({ onClose, onHelp }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [cancelling, setCancelling] = useState<Job | null>(null);
  useEffect(() => {
    if (cancelling) return;
    dialog.current?.showModal();
    dialog.current?.querySelector("input")?.focus();
  }, [cancelling]);
  if (cancelling) return <CancelDialog job={cancelling} onClose={onClose} />;
  // Closing by the browser's own means gives the focus back to where it was.
  const after = (act: () => void) => {
    dialog.current?.close();
    act();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the dialog closes it; the keyboard has Escape
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Search or jump to"
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && dialog.current?.close()}
    >
      <Content run={after} onHelp={onHelp} onCancel={setCancelling} />
    </dialog>
  );
}

interface ContentProps {
  run: (act: () => void) => void;
  onHelp: () => void;
  onCancel: (job: Job) => void;
}

function Content({ run, onHelp, onCancel }: ContentProps) {
  const [text, setText] = useState("");
  const wanted = useSettled(useDeferredValue(text.trim()));
  const found = useQuery(foundQuery(wanted));
  const actions = useActions(onCancel);
  const recent = useRecentItems();
  const named = useFoundItems(found.data ?? []);
  const { places, deeds } = useCommands(onHelp);
  const groups = grouped(
    [
      { name: "This job", items: actions },
      { name: "Recent", items: recent },
      ...named.map(({ name, items }) => ({ name: text || name !== "Jobs" ? name : "Newest jobs", items })),
      { name: "Go to", items: places },
      { name: "Do", items: deeds },
    ],
    text,
  );
  const waits = wanted !== text.trim() || found.isFetching;
  return (
    <Command label="Search or jump to" shouldFilter={false} loop vimBindings={false}>
      <div className="palette-head">
        <Search size={16} aria-hidden />
        <Command.Input
          placeholder="Search or jump to"
          maxLength={200}
          value={text}
          onValueChange={setText}
          data-busy={waits || undefined}
        />
        <kbd>Esc</kbd>
      </div>
      <Command.List label="What was found">
        <Command.Empty>{waits ? "Looking…" : "Nothing is called that."}</Command.Empty>
        {groups.map((group) => (
          <Shown key={group.name} group={group} run={run} />
        ))}
      </Command.List>
      {found.isError && (
        <p className="palette-note small bad" role="alert">
          The service could not be searched. The pages still open.
        </p>
      )}
    </Command>
  );
}

function Shown({ group, run }: { group: Group; run: ContentProps["run"] }) {
  return (
    <Command.Group heading={group.name}>
      {group.items.map((item) => (
        <One key={item.id} item={item} run={run} />
      ))}
    </Command.Group>
  );
}

function One({ item, run }: { item: Item; run: ContentProps["run"] }) {
  const { icon: Icon } = item;
  return (
    <Command.Item value={item.id} onSelect={() => run(item.run)}>
      {Icon && <Icon size={16} aria-hidden />}
      <span className="clip" dir="auto">
        {item.title}
      </span>
      {item.note && <span className="note clip">{item.note}</span>}
      {item.keys && <Keys keys={item.keys} />}
    </Command.Item>
  );
}

/** Follows the typing after a moment: not every letter is a question. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), 150);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}
