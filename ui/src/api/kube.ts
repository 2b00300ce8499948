// The Kubernetes API: objects of the kinds that pages show.

import { ask, get, send } from "./client";

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface KubeList<Item extends KubeObject> {
  readonly items: readonly Item[];
}

/** Where a resource is served. */
export interface Resource {
  readonly root: string;
  readonly plural: string;
}

export const PODS: Resource = { root: "/api/v1", plural: "pods" };
export const EVENTS: Resource = { root: "/api/v1", plural: "events" };
export const SECRETS: Resource = { root: "/api/v1", plural: "secrets" };
export const CLAIMS: Resource = { root: "/api/v1", plural: "persistentvolumeclaims" };
export const NAMESPACES: Resource = { root: "/api/v1", plural: "namespaces" };
export const NODES: Resource = { root: "/api/v1", plural: "nodes" };
export const NOTEBOOKS: Resource = { root: "/apis/kubeflow.org/v1", plural: "notebooks" };
export const INFERENCE_SERVICES: Resource = { root: "/apis/serving.kserve.io/v1beta1", plural: "inferenceservices" };
export const SERVING_RUNTIMES: Resource = { root: "/apis/serving.kserve.io/v1alpha1", plural: "servingruntimes" };
export const CLUSTER_SERVING_RUNTIMES: Resource = { root: "/apis/serving.kserve.io/v1alpha1", plural: "clusterservingruntimes" };

const BY_KIND: Readonly<Record<string, Resource>> = {
  Notebook: NOTEBOOKS,
  InferenceService: INFERENCE_SERVICES,
  PersistentVolumeClaim: CLAIMS,
  Secret: SECRETS,
  ConfigMap: { root: "/api/v1", plural: "configmaps" },
  Pod: PODS,
  Service: { root: "/api/v1", plural: "services" },
  PodDefault: { root: "/apis/kubeflow.org/v1alpha1", plural: "poddefaults" },
};

/** Where an object is made. */
export function resourceOf(object: KubeObject): Resource {
  const found = BY_KIND[object.kind ?? ""];
  if (!found) throw new Error(`Objects of the kind \`${object.kind ?? "none"}\` cannot be made here; \`kubectl apply\` takes them`);
  return found;
}

export function path(resource: Resource, namespace: string | undefined, name = "", part = ""): string {
  const parts = [resource.root, ...(namespace ? ["namespaces", namespace] : []), resource.plural, name, part];
  return parts.filter(Boolean).join("/");
}

export const list = <Item extends KubeObject>(resource: Resource, namespace?: string, query: Record<string, string> = {}, signal?: AbortSignal) =>
  get<KubeList<Item>>(path(resource, namespace), query, signal);

export const read = <Item extends KubeObject>(resource: Resource, namespace: string, name: string, signal?: AbortSignal) =>
  get<Item>(path(resource, namespace, name), {}, signal);

export const create = <Item extends KubeObject>(resource: Resource, namespace: string, object: Item) =>
  ask<Item>("POST", path(resource, namespace), { body: object, query: { fieldManager: "coracle-ui" } });

/** Puts an object in the place of the one that was read, unless somebody has changed that meanwhile. */
export const replace = <Item extends KubeObject>(resource: Resource, namespace: string, object: Item) =>
  ask<Item>("PUT", path(resource, namespace, object.metadata.name), { body: object, query: { fieldManager: "coracle-ui" } });

export const patch = <Item extends KubeObject>(resource: Resource, namespace: string, name: string, change: unknown) =>
  ask<Item>("PATCH", path(resource, namespace, name), {
    body: change,
    contentType: "application/merge-patch+json",
    query: { fieldManager: "coracle-ui" },
  });

export const remove = (resource: Resource, namespace: string, name: string) => send("DELETE", path(resource, namespace, name));

/** Makes several objects, in this order. Those that were made before one was refused are taken away again. */
export async function createAll(objects: readonly KubeObject[]): Promise<void> {
  const made: KubeObject[] = [];
  objects.forEach(resourceOf);
  try {
    for (const object of objects) {
      await create(resourceOf(object), object.metadata.namespace ?? "default", object);
      made.push(object);
    }
  } catch (error) {
    await Promise.allSettled(made.map((object) => remove(resourceOf(object), object.metadata.namespace ?? "default", object.metadata.name)));
    throw error;
  }
}
