/** What the service says of itself: paragraphs, with `code` in them. */
export function Prose({ text }: { text: string }) {
  return text.split(/\n\s*\n/).map((paragraph) => (
    <p key={paragraph} className="prose">
      {paragraph.split("`").map((part, i) =>
        i % 2 === 1 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have no identity
          <code key={i}>{part}</code>
        ) : (
          part
        ),
      )}
    </p>
  ));
}
