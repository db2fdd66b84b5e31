import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, type Schema, take } from "@/api/client";
import { useOnce } from "@/ui/useOnce";

export type Webhook = Schema<"WebhookRead">;
export type Delivery = Schema<"DeliveryRead">;

const webhooksKey = ["webhooks"] as const;
const page = (after?: string) => (after ? { after } : {});

export const webhooksQuery = (after?: string) =>
  queryOptions({
    queryKey: [...webhooksKey, "list", after] as const,
    queryFn: ({ signal }) =>
      take(api.GET("/v1/webhooks", { params: { query: { limit: 50, ...page(after) } }, signal })),
    placeholderData: keepPreviousData,
  });

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: [...webhooksKey, "one", id] as const,
    queryFn: ({ signal }) =>
      take(api.GET("/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: id } }, signal })),
  });

/** What is on its way is looked at again. */
export const deliveriesQuery = (id: string, after?: string) =>
  queryOptions({
    queryKey: [...webhooksKey, "deliveries", id, after] as const,
    queryFn: ({ signal }) =>
      take(
        api.GET("/v1/webhooks/{webhook_id}/deliveries", {
          params: { path: { webhook_id: id }, query: { limit: 25, ...page(after) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.data.some((one) => one.status === "pending") ? 3000 : false),
  });

export function useCreateWebhook() {
  const client = useQueryClient();
  return useOnce({
    mutationFn: (body: Schema<"WebhookCreate">) => take(api.POST("/v1/webhooks", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: webhooksKey }),
  });
}

/** Everything that can be done to one, each by its name. */
export function useWebhook(id: string) {
  const client = useQueryClient();
  const path = { webhook_id: id };
  const onSuccess = () => client.invalidateQueries({ queryKey: webhooksKey });
  return {
    change: useMutation({
      mutationFn: (body: Schema<"WebhookChange">) =>
        take(api.PATCH("/v1/webhooks/{webhook_id}", { params: { path }, body })),
      onSuccess,
    }),
    test: useOnce({
      mutationFn: () => take(api.POST("/v1/webhooks/{webhook_id}/test", { params: { path } })),
      onSuccess,
    }),
    rotate: useOnce({
      mutationFn: () => take(api.POST("/v1/webhooks/{webhook_id}/rotate", { params: { path } })),
      onSuccess,
    }),
    resend: useOnce({
      mutationFn: (delivery: string) =>
        take(
          api.POST("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend", {
            params: { path: { ...path, delivery_id: delivery } },
          }),
        ),
      onSuccess,
    }),
    remove: useMutation({
      mutationFn: () => take(api.DELETE("/v1/webhooks/{webhook_id}", { params: { path } })),
      onSuccess: () => client.invalidateQueries({ queryKey: [...webhooksKey, "list"] }),
    }),
  };
}
