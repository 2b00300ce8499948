"""A recorded conversation with Kubeflow Pipelines' own server, played to the workbench."""

from recording import folder_of, play


def replay(command, *options):
    folder_of("kfp-api")
    return play("kfp-api", command.serve().address, *options)


def test_all_answers_are_as_recorded(on_docker):
    differing, last = replay(on_docker)
    assert differing == []
    assert last == "141 passed, 0 failed"


def test_messages_are_as_recorded(on_docker):
    # What is wrong with YAML is said in the words of another reader.
    differing, last = replay(on_docker, "--messages")
    assert differing == ["upload broken yaml"]
    assert last == "140 passed, 1 failed"


def test_with_runnable_uploads_only_what_could_never_run_is_missing(on_docker):
    # What is refused at upload is not in these two lists; everything else is as recorded.
    on_docker.environment["CORACLE_KFP_UPLOADS"] = "runnable"
    differing, last = replay(on_docker)
    assert differing == ["pipelines sorted", "pipelines next"]
    assert last == "139 passed, 2 failed"
