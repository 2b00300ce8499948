"""A recorded conversation with a Kubernetes 1.34 API server, played to the workbench."""

from recording import folder_of, play


def test_all_answers_are_as_recorded(on_docker):
    folder_of("kube-api")
    differing, last = play("kube-api", on_docker.serve().address)
    assert differing == []
    assert last == "158 passed, 0 failed"
