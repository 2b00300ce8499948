// Objects of the Kubernetes API, as far as pages read them. The field names are Kubernetes'.

import type { KubeObject } from "@/api/kube";

export interface Amounts {
  readonly [resource: string]: string | undefined;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly [other: string]: unknown;
}

export interface PodVolume {
  readonly name: string;
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean };
  readonly emptyDir?: { readonly medium?: string };
  readonly [other: string]: unknown;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly PodVolume[];
  readonly [other: string]: unknown;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ContainerState {
  readonly running?: { readonly startedAt?: string };
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string; readonly finishedAt?: string };
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly startTime?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface Notebook extends KubeObject {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
  readonly status?: { readonly readyReplicas?: number; readonly containerState?: ContainerState; readonly conditions?: readonly Condition[] };
}

export interface KubeEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly involvedObject: { readonly kind?: string; readonly name?: string; readonly namespace?: string; readonly uid?: string };
}

export interface Claim extends KubeObject {
  readonly spec: { readonly accessModes?: readonly string[]; readonly resources?: { readonly requests?: Amounts } };
  readonly status?: { readonly phase?: string };
}

export interface MachineNode extends KubeObject {
  readonly status?: { readonly allocatable?: Amounts; readonly capacity?: Amounts };
}

/** The resource by which a GPU is asked for. */
export const GPU = "nvidia.com/gpu";

/** When an event happened last. */
export const eventTime = (event: KubeEvent): string =>
  event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp ?? "";
