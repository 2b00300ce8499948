"""`kfp.Client` as users install it, unchanged, and a note of what tests call on it."""

import json
import types

import kfp
import kfp_server_api
import pytest
from kfp import compiler, dsl
from kfp_server_api import ApiException

# What `kfp.Client` can be asked in public, by the file whose tests ask it: `test_kfp_NAME.py`.
METHODS = {
    "client": """
        get_kfp_healthz get_user_namespace set_user_namespace
        create_experiment get_experiment list_experiments archive_experiment unarchive_experiment delete_experiment
        upload_pipeline upload_pipeline_from_pipeline_func get_pipeline get_pipeline_id list_pipelines delete_pipeline
        upload_pipeline_version upload_pipeline_version_from_pipeline_func get_pipeline_version list_pipeline_versions
        delete_pipeline_version
    """.split(),
    "client_runs": """
        run_pipeline create_run_from_pipeline_package create_run_from_pipeline_func get_run list_runs archive_run unarchive_run
        terminate_run delete_run wait_for_run_completion
    """.split(),
    "client_recurring": """
        create_recurring_run get_recurring_run list_recurring_runs enable_recurring_run disable_recurring_run
        delete_recurring_run enable_job disable_job delete_job
    """.split(),
}

# The generated services of the client that v2beta1 has on a server of its own, by the same files.
SERVICES = {
    "client": {
        "experiments": kfp_server_api.ExperimentServiceApi,
        "pipelines": kfp_server_api.PipelineServiceApi,
        "pipeline_uploads": kfp_server_api.PipelineUploadServiceApi,
        "healthzs": kfp_server_api.HealthzServiceApi,
    },
    "client_runs": {"runs": kfp_server_api.RunServiceApi},
    "client_recurring": {"recurring_runs": kfp_server_api.RecurringRunServiceApi},
}

# What the tests of a file have called.
CALLED = set()


def operations(service):
    """The names of what a class offers."""
    return {
        name for name, found in vars(service).items()
        if not name.startswith("_") and isinstance(found, types.FunctionType) and not name.endswith("_with_http_info")
    }


class Noted:
    """A client of which it is noted what tests called on it, when it returned. What it calls itself is not."""

    def __init__(self, real, prefix=""):
        self._real, self._prefix = real, prefix

    def __getattr__(self, name):
        found = getattr(self._real, name)
        if type(found).__name__ == "Struct":  # a generated service
            return Noted(found, f"{name}.")
        if not callable(found):
            return found

        def call(*arguments, **named):
            result = found(*arguments, **named)
            CALLED.add(self._prefix + name)
            return result

        return call


def connect(server):
    return Noted(kfp.Client(host=server.address))


@pytest.fixture(scope="module", autouse=True)
def own_context(tmp_path_factory):
    """The client keeps its context in the home directory: here, in a place of the test."""
    context = tmp_path_factory.mktemp("context") / "kfp" / "context.json"
    CALLED.clear()
    before, kfp.Client._LOCAL_KFP_CONTEXT = kfp.Client._LOCAL_KFP_CONTEXT, str(context)
    yield context
    kfp.Client._LOCAL_KFP_CONTEXT = before


@pytest.fixture(scope="module")
def client(workbench):
    return connect(workbench.server)


@dsl.container_component
def greet(name: str, times: int, greeting: dsl.OutputPath(str)):
    script = 'mkdir -p "$(dirname "$3")"; printf "%s, %s times" "$1" "$2" > "$3"; echo greeted'
    return dsl.ContainerSpec(image="python:3.11", command=["sh", "-c", script, "greet"], args=[name, times, greeting])


@dsl.pipeline(name="greeting")
def greeting(name: str = "nobody", times: int = 1) -> str:
    return greet(name=name, times=times).outputs["greeting"]


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "greeting.yaml"
    compiler.Compiler().compile(greeting, str(path))
    return path


def refusal(status, call, *arguments, **named):
    """The body of the refusal that a call has to raise."""
    with pytest.raises(ApiException) as raised:
        call(*arguments, **named)
    assert raised.value.status == status, raised.value
    body = json.loads(raised.value.body)
    return body.get("message") or body["error_message"]


def check_nothing_is_left_out(request):
    """Compares what a file is to call with what its tests called, and what all are to call with the class."""
    name = request.path.stem.removeprefix("test_kfp_")
    public = sum(METHODS.values(), [])
    assert len(public) == 39
    assert set(public) == operations(kfp.Client)
    selected = {item.originalname for item in request.session.items if item.path == request.path}
    if len(selected) < sum(test.startswith("test_") for test in vars(request.module)):
        pytest.skip("only with all tests of this file can be said what they call")
    generated = {f"{group}.{call}" for group, service in SERVICES[name].items() for call in operations(service)}
    assert set(METHODS[name]) - CALLED == set()
    assert generated - CALLED == set()
