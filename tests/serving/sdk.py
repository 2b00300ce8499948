"""KServe's SDK as its users write it: create, wait, get, predict by both protocols, delete. Prints what came of it.

    sdk.py KUBECONFIG ADDRESS MODEL
"""

import asyncio
import json
import sys

from kserve import (
    InferenceRESTClient,
    InferInput,
    InferRequest,
    KServeClient,
    RESTConfig,
    V1beta1InferenceService,
    V1beta1InferenceServiceSpec,
    V1beta1PredictorSpec,
    V1beta1SKLearnSpec,
    constants,
)
from kubernetes import client

NAME, NAMESPACE = "sdk", "default"
FLOWERS = [[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]]
kubeconfig, address, model = sys.argv[1:]

resources = client.V1ResourceRequirements(requests={"cpu": "50m", "memory": "128Mi"}, limits={"cpu": "1", "memory": "1Gi"})
service = V1beta1InferenceService(
    api_version=constants.KSERVE_V1BETA1,
    kind=constants.KSERVE_KIND_INFERENCESERVICE,
    metadata=client.V1ObjectMeta(name=NAME, namespace=NAMESPACE),
    spec=V1beta1InferenceServiceSpec(
        predictor=V1beta1PredictorSpec(
            min_replicas=1, sklearn=V1beta1SKLearnSpec(storage_uri=f"file://{model}", resources=resources),
        ),
    ),
)


async def predict(url, headers):
    headers = {"Content-Type": "application/json", **headers}
    flowers = InferInput("input-0", [2, 4], "FP32", data=FLOWERS)
    first = await InferenceRESTClient(RESTConfig(protocol="v1")).infer(
        url, {"instances": FLOWERS}, model_name=NAME, headers=headers)
    second = await InferenceRESTClient(RESTConfig(protocol="v2")).infer(
        url, InferRequest(NAME, [flowers]), model_name=NAME, headers=headers)
    return first["predictions"], second.outputs[0].data


kserve = KServeClient(config_file=kubeconfig)
kserve.create(service)
kserve.wait_isvc_ready(NAME, namespace=NAMESPACE, timeout_seconds=900, polling_interval=1)
status = kserve.get(NAME, namespace=NAMESPACE)["status"]
host = status["url"].removeprefix("http://")
by_host = asyncio.run(predict(address, {"Host": host}))
by_path = asyncio.run(predict(f"{address}/serving/{NAMESPACE}/{NAME}", {}))
is_ready = kserve.is_isvc_ready(NAME, namespace=NAMESPACE)
kserve.delete(NAME, NAMESPACE)
print(json.dumps({"url": status["url"], "ready": is_ready, "by host": by_host, "by path": by_path}))
