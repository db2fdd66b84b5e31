import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { server } from "@/testing/server";
import { type Upload, Uploader } from "./uploader";

const SHA = "ab".repeat(32);
const PART = 4;
const TEXT = "ten bytes!";

/** A service that keeps one upload of three parts; `refuse` answers a part instead. */
class Service {
  readonly arrived = new Map<number, string>();
  readonly asked: string[] = [];
  upload: Upload | null = null;

  constructor(refuse: (n: number) => Response | undefined = () => undefined) {
    server.use(
      http.get("*/v1/uploads", ({ request }) => {
        this.asked.push(new URL(request.url).searchParams.get("sha256") ?? "");
        return HttpResponse.json({ object: "list", data: this.upload ? [this.upload] : [], next: null });
      }),
      http.post("*/v1/uploads", () => HttpResponse.json(this.begin(), { status: 201 })),
      http.get("*/v1/uploads/upl_1", () => HttpResponse.json(this.upload)),
      http.put("*/v1/uploads/upl_1/parts/:n", async ({ params, request }) => {
        const n = Number(params.n);
        const refused = refuse(n);
        if (refused) return refused;
        this.arrived.set(n, await request.text());
        return HttpResponse.json({ n, bytes: PART, sha256: SHA });
      }),
      http.post("*/v1/uploads/upl_1/complete", () => HttpResponse.json(this.begin({ status: "complete" }))),
    );
  }

  begin(change: Partial<Upload> = {}): Upload {
    this.upload = {
      object: "upload",
      id: "upl_1",
      filename: "images.zip",
      purpose: "dataset",
      bytes: TEXT.length,
      sha256: SHA,
      status: "open",
      part_size: PART,
      part_count: 3,
      parts: [],
      missing: [],
      created_at: "2026-01-01T10:00:00Z",
      completed_at: null,
      expires_at: null,
      ...change,
    };
    return this.upload;
  }
}

/** Until it is over, one way or the other; the phases on the way. */
async function over(uploader: Uploader): Promise<string[]> {
  const phases: string[] = [];
  await new Promise<void>((done) => {
    uploader.subscribe(() => {
      const { phase } = uploader.state;
      if (phases.at(-1) !== phase) phases.push(phase);
      if (phase === "complete" || phase === "failed") done();
    });
    uploader.start();
  });
  return phases;
}

const uploader = () => new Uploader(new File([TEXT], "images.zip"), "dataset", () => Promise.resolve(SHA), [0.01]);

test("a new file goes in parts, and is put together", async () => {
  const service = new Service();
  const own = uploader();
  expect(await over(own)).toEqual(["checking", "sending", "finishing", "complete"]);
  expect([...service.arrived].sort()).toEqual([
    [1, "ten "],
    [2, "byte"],
    [3, "s!"],
  ]);
  expect(service.asked).toEqual([SHA]);
  expect(own.state).toMatchObject({ sent: TEXT.length, known: "nothing", error: null });
});

test("of an upload that was cut off only the missing parts go", async () => {
  const service = new Service();
  service.begin({ parts: [{ n: 2, bytes: PART, sha256: SHA }] });
  const own = uploader();
  await over(own);
  expect([...service.arrived.keys()].sort()).toEqual([1, 3]);
  expect(own.state).toMatchObject({ phase: "complete", sent: TEXT.length, known: "some" });
});

test("what the service has already is not sent again", async () => {
  const service = new Service();
  service.begin({ status: "complete" });
  const own = uploader();
  expect(await over(own)).toEqual(["checking", "complete"]);
  expect(service.arrived.size).toBe(0);
  expect(own.state.known).toBe("all");
});

test.each([503, 429, 0])("an answer %i is waited out, and nothing is sent twice", async (status) => {
  let left = 2;
  const refusal = () => (status ? HttpResponse.json({ title: "Later" }, { status }) : HttpResponse.error());
  const service = new Service((n) => (n === 2 && left-- > 0 ? refusal() : undefined));
  const own = uploader();
  await over(own);
  expect(own.state.phase).toBe("complete");
  expect(service.arrived.get(2)).toBe("byte");
  expect(left).toBe(-1);
});

test("what is refused for good fails with the service's words", async () => {
  const detail = "This project may keep 10 GB.";
  new Service(() => HttpResponse.json({ title: "Too large", code: "too_large", detail }, { status: 413 }));
  const own = uploader();
  await over(own);
  expect(own.state).toMatchObject({ phase: "failed", error: { message: detail, code: "too_large" } });
});
