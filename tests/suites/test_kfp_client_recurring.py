"""`kfp.Client`: recurring runs, and the generated service for them."""

import json
import time

import kfp_server_api
import pytest
from conftest import wait_for
from kfp_api import DEFAULT, NOBODY, fresh
# own_context, client and package are fixtures.
from kfp_client import check_nothing_is_left_out, client, own_context, package, refusal

pytestmark = pytest.mark.filterwarnings("ignore")


# --- recurring runs -----------------------------------------------------------------------------------


def test_recurring_runs(client, package):
    experiment = client.create_experiment(fresh("often")).experiment_id
    made = client.upload_pipeline(str(package), fresh("often"))
    version = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0].pipeline_version_id
    cron = client.create_recurring_run(
        experiment, "nightly", description="at two", cron_expression="0 0 2 * * *", start_time="2030-01-01T00:00:00Z",
        end_time="2031-01-01T00:00:00Z", no_catchup=True, max_concurrency=3, params={"name": "[[Index]]"},
        pipeline_id=made.pipeline_id, version_id=version,
    )
    assert (cron.display_name, cron.description, cron.status, cron.mode) == ("nightly", "at two", "ENABLED", "ENABLE")
    assert cron.trigger.cron_schedule.cron == "0 0 2 * * *"
    assert cron.trigger.cron_schedule.start_time.year == 2030
    assert cron.max_concurrency == "3" and cron.no_catchup is True
    assert cron.pipeline_version_reference.pipeline_version_id == version
    assert client.get_recurring_run(cron.recurring_run_id) == cron
    period = client.create_recurring_run(
        experiment, "hourly", interval_second=3600, pipeline_package_path=str(package), enabled=False
    )
    assert period.trigger.periodic_schedule.interval_second == "3600"
    assert (period.status, period.mode) == ("DISABLED", "DISABLE")
    assert period.pipeline_spec["pipelineInfo"]["name"] == "greeting"

    listed = client.list_recurring_runs(experiment_id=experiment, sort_by="display_name")
    assert [found.display_name for found in listed.recurring_runs] == ["hourly", "nightly"]
    assert listed.total_size == 2
    page = client.list_recurring_runs(experiment_id=experiment, sort_by="display_name", page_size=1)
    rest = client.list_recurring_runs(experiment_id=experiment, page_token=page.next_page_token, page_size=1)
    assert [found.display_name for found in page.recurring_runs + rest.recurring_runs] == ["hourly", "nightly"]
    assert rest.next_page_token is None

    def status(of):
        return client.get_recurring_run(of.recurring_run_id).status

    assert client.disable_recurring_run(cron.recurring_run_id) == {} and status(cron) == "DISABLED"
    assert client.enable_recurring_run(cron.recurring_run_id) == {} and status(cron) == "ENABLED"
    assert client.enable_job(period.recurring_run_id) == {} and status(period) == "ENABLED"
    assert client.disable_job(period.recurring_run_id) == {} and status(period) == "DISABLED"
    client.archive_experiment(experiment)
    assert status(cron) == "DISABLED"
    client.unarchive_experiment(experiment)
    assert status(cron) == "DISABLED"

    assert client.delete_recurring_run(cron.recurring_run_id) == {}
    assert client.delete_job(period.recurring_run_id) == {}
    for found in (cron, period):
        assert f"Job {found.recurring_run_id} not found" in refusal(404, client.get_recurring_run, found.recurring_run_id)
    for call in (client.enable_recurring_run, client.disable_recurring_run, client.delete_recurring_run):
        refusal(404, call, NOBODY)


def test_a_recurring_run_runs(client, package):
    experiment = client.create_experiment(fresh("soon")).experiment_id
    made = client.upload_pipeline(str(package), fresh("soon"))
    version = client.list_pipeline_versions(made.pipeline_id).pipeline_versions[0].pipeline_version_id
    every = client.create_recurring_run(
        experiment, "every second", interval_second=1, pipeline_id=made.pipeline_id, version_id=version,
        params={"times": 2},
    )
    cron = client.create_recurring_run(
        experiment, "each second", cron_expression="* * * * * *", pipeline_package_path=str(package), max_concurrency=10
    )

    def runs_of(recurring):
        given = {"operation": "EQUALS", "key": "recurring_run_id", "stringValue": recurring.recurring_run_id}
        return client.list_runs(filter=json.dumps({"predicates": [given]}), page_size=100).runs or []

    for recurring in (every, cron):
        wait_for(lambda: len(runs_of(recurring)) >= 2, 60, f"the second run of {recurring.display_name}")
        client.disable_recurring_run(recurring.recurring_run_id)
    for recurring in (every, cron):
        for run in runs_of(recurring):
            assert run.recurring_run_id == recurring.recurring_run_id
            assert run.experiment_id == experiment
            assert client.wait_for_run_completion(run.run_id, 60, sleep_duration=0.1).state == "SUCCEEDED"
        names = [run.display_name for run in runs_of(recurring)]
        assert len(set(names)) == len(names), names
        slots = [run.scheduled_at for run in runs_of(recurring)]
        assert len(set(slots)) == len(slots), slots
    number = len(runs_of(every))
    time.sleep(2)  # that nothing happens is what is tested
    assert len(runs_of(every)) == number


def test_recurring_runs_that_cannot_be_are_refused(client, package):
    experiment = client.get_experiment(experiment_name=DEFAULT).experiment_id

    def create(**given):
        return client.create_recurring_run(experiment, "x", pipeline_package_path=str(package), **given)

    assert "Schedule cron is not a supported format" in refusal(400, create, cron_expression="whenever")
    assert "Max concurrency" in refusal(400, create, interval_second=60, max_concurrency=11)
    assert "invalid period schedule interval" in refusal(400, create, interval_second=-1)
    assert "colour" in refusal(400, create, interval_second=60, params={"colour": "red"})
    with pytest.raises(ValueError, match="Either interval_second or cron_expression is required"):
        create()


# --- the generated service ----------------------------------------------------------------------------


def test_generated_recurring_run_service(client, package):
    service, models = client.recurring_runs, kfp_server_api
    made = client.upload_pipeline(str(package), fresh("generated"))
    recurring = service.recurring_run_service_create_recurring_run(models.V2beta1RecurringRun(
        display_name=fresh("latest"), max_concurrency="1", mode="DISABLE",
        trigger=models.V2beta1Trigger(periodic_schedule=models.V2beta1PeriodicSchedule(interval_second="60")),
        pipeline_version_reference=models.V2beta1PipelineVersionReference(pipeline_id=made.pipeline_id),
    ))
    assert recurring.pipeline_version_reference.pipeline_version_id is None
    recurring_id = recurring.recurring_run_id
    assert service.recurring_run_service_get_recurring_run(recurring_id) == recurring
    assert recurring in service.recurring_run_service_list_recurring_runs(page_size=200).recurring_runs
    assert service.recurring_run_service_enable_recurring_run(recurring_id) == {}
    assert service.recurring_run_service_disable_recurring_run(recurring_id) == {}
    assert service.recurring_run_service_delete_recurring_run(recurring_id, propagation_policy="BACKGROUND") == {}
    refusal(404, service.recurring_run_service_get_recurring_run, recurring_id)


# --- completeness -------------------------------------------------------------------------------------


def test_nothing_public_is_left_out(request):
    check_nothing_is_left_out(request)
