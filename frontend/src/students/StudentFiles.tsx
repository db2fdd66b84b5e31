import { Download } from "lucide-react";
import { service } from "@/api/root";
import { bytes } from "@/format";
import { Card } from "@/ui/Card";
import { Command, CopyButton } from "@/ui/Copy";
import { Empty } from "@/ui/faces";
import type { Student } from "./queries";
import { StudentCardText } from "./StudentCardText";

type File = Student["files"][number];

/** A student's files: as links, and as the commands that fetch and prove them. */
export function StudentFiles({ student }: { student: Student }) {
  const { files, status } = student;
  const first = files.find((file) => file.name.endsWith(".safetensors")) ?? files[0];
  return (
    <Card title="Files" aside={status === "training" ? "the best weights so far" : undefined}>
      {first ? (
        <div className="stack">
          <ul className="file-list">
            {files.map((file) => (
              <li key={file.name}>
                <a className="button" href={file.url} download={file.name}>
                  <Download size={14} aria-hidden />
                  {file.name}
                </a>
                <span className="size">{bytes(file.bytes)}</span>
                <span className="hash" title={WHAT[file.name]}>
                  {file.sha256}
                </span>
                <CopyButton text={file.sha256} label={`Copy the SHA-256 of ${file.name}`} />
              </li>
            ))}
          </ul>
          <StudentCardText files={files} />
          <div className="stack tight">
            <p className="small soft">From a terminal; broken off, the same line goes on where it stopped:</p>
            <Command text={fetched(first)} />
            <Command text={proved(files)} />
          </div>
        </div>
      ) : (
        <Empty>No files yet: the first weights are saved after the first evaluation.</Empty>
      )}
    </Card>
  );
}

const WHAT: Record<string, string> = {
  "weights.safetensors": "Weights with their architecture, classes and normalisation",
  "model.onnx": "For onnxruntime: images from 0 to 1 in, logits out; normalization and class names are inside",
  "weights.pt": "A plain state dict for torch.load(…, weights_only=True)",
  "card.md": "What it is and how good, for people",
  "evaluation.json": "What it gets right: per class, confusions, calibration, the images in question",
  "manifest.json": "The same for programs",
};

/** The address of a file is told with the path prefix; the service's own address is before it. */
const fetched = (file: File) =>
  `curl -C - -fL -H "Authorization: Bearer $DISTILLERY_API_KEY" -O ${new URL(file.url, service).href}`;

const proved = (files: readonly File[]) =>
  `shasum -a 256 -c --ignore-missing <<'EOF'\n${files.map((file) => `${file.sha256}  ${file.name}`).join("\n")}\nEOF`;
