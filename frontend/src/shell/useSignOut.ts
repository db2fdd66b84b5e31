import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, take } from "@/api/client";

export function useSignOut() {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => take(api.DELETE("/v1/sessions/current")),
    onSuccess: () => navigate({ to: "/login" }),
  });
}
