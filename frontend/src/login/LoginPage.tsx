import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { FlaskConical } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, take } from "@/api/client";
import { Failure } from "@/ui/faces";
import { takeCode } from "./code";

type Credentials = { key: string } | { code: string };

export function LoginPage() {
  const { next } = useSearch({ from: "/login" });
  const navigate = useNavigate();
  const client = useQueryClient();
  const [key, setKey] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const { mutate, isPending, error } = useMutation({
    mutationFn: (body: Credentials) => take(api.POST("/v1/sessions", { body })),
    onSuccess: async () => {
      client.clear();
      await navigate({ href: next?.startsWith("/") && !next.startsWith("//") ? next : "/", replace: true });
    },
  });

  useEffect(() => {
    document.title = "Sign in · Distillery";
    const code = takeCode();
    if (code) mutate({ code });
    else field.current?.focus();
  }, [mutate]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate({ key: key.trim() });
  };

  return (
    <main className="door" id="content">
      <div className="door-sign">
        <FlaskConical size={28} aria-hidden />
        <div className="stack tight">
          <strong>Distillery</strong>
          <span className="soft">Large teachers in, small students out.</span>
        </div>
      </div>
      <form className="card stack" onSubmit={submit}>
        <div className="stack tight">
          <h1>Sign in</h1>
          <p className="soft">
            With an API key. The first one lies in <code className="nowrap">admin.key</code> in the data folder, where{" "}
            <code className="nowrap">distillery up</code> runs.
          </p>
        </div>
        <label className="field">
          <span>Key</span>
          <input
            ref={field}
            className="input mono"
            type="password"
            name="key"
            autoComplete="current-password"
            placeholder="dkd_…"
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        {error && <Failure error={error} />}
        <button type="submit" className="button primary" disabled={isPending || key.trim() === ""}>
          {isPending ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
