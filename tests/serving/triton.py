"""Triton's client on a server of the second protocol. Prints the answers.

    triton.py http ADDRESS HOST MODEL
    triton.py grpc ADDRESS HOST MODEL
"""

import importlib
import json
import sys

import numpy

protocol, address, host, model = sys.argv[1:]
triton = importlib.import_module(f"tritonclient.{protocol}")
# The host is a header of HTTP, and the authority of a channel of gRPC.
by_host = {"channel_args": [("grpc.default_authority", host)]} if protocol == "grpc" else {}
headers = {"Host": host} if protocol == "http" else {}
client = triton.InferenceServerClient(address, **by_host)

flowers = numpy.array([[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]], dtype=numpy.float32)
asked = triton.InferInput("input-0", list(flowers.shape), "FP32")
asked.set_data_from_numpy(flowers)
answer = client.infer(model, [asked], headers=headers)
told = answer.get_response()
name = told["outputs"][0]["name"] if protocol == "http" else told.outputs[0].name
print(json.dumps({
    "live": client.is_server_live(headers=headers),
    "ready": client.is_model_ready(model, headers=headers),
    "data": answer.as_numpy(name).ravel().tolist(),
}))
