"""A bit of everything: loops, branches, an exit handler, an importer, platform features.

Compile with kfp and kfp-kubernetes 2.17.0:
    kfp dsl compile --py orchard.py --function orchard --output orchard.yaml
"""
from typing import List

from kfp import dsl, kubernetes

@dsl.container_component
def pick(tree: str, crate: dsl.Output[dsl.Artifact], fruit: dsl.OutputPath(str)):
    return dsl.ContainerSpec(image='alpine', command=['pick'], args=[tree, crate.path, fruit])

@dsl.container_component
def press(fruit: str, juice: dsl.OutputPath(str)):
    return dsl.ContainerSpec(image='alpine', command=['press'], args=[fruit, juice])

@dsl.container_component
def pour(juices: List[str], crates: dsl.Input[List[dsl.Artifact]]):
    return dsl.ContainerSpec(image='alpine', command=['pour'], args=[juices])

@dsl.container_component
def sweep(status: dsl.PipelineTaskFinalStatus):
    return dsl.ContainerSpec(image='alpine', command=['sweep'], args=[status])

@dsl.pipeline
def cellar(fruit: str) -> str:
    return press(fruit=fruit).outputs['juice']

@dsl.pipeline(name='orchard')
def orchard(trees: List[str] = ['apple', 'pear'], season: str = 'autumn', rows: dict = {'north': 4}, secret: str = 'key'):
    seen = dsl.importer(artifact_uri='gs://orchard/map', artifact_class=dsl.Dataset, metadata={'season': season})
    with dsl.ExitHandler(sweep().set_display_name('sweep up')):
        with dsl.ParallelFor(trees, parallelism=2) as tree:
            picked = pick(tree=tree)
            picked.set_retry(num_retries=2, backoff_duration='30s', backoff_factor=1.5, backoff_max_duration='600s')
            picked.set_cpu_request('500m').set_cpu_limit('2').set_memory_limit('1Gi').set_accelerator_type('nvidia.com/gpu').set_accelerator_limit(1)
            picked.set_env_variable('ROWS', '4').set_caching_options(False)
            kubernetes.use_secret_as_env(picked, secret_name=secret, secret_key_to_env={'token': 'TOKEN'})
            kubernetes.use_config_map_as_volume(picked, config_map_name='rows', mount_path='/rows')
            kubernetes.mount_pvc(picked, pvc_name='barn', mount_path='/barn')
            kubernetes.add_toleration(picked, key='dry', operator='Exists')
            kubernetes.set_timeout(picked, 90)
            kubernetes.empty_dir_mount(picked, volume_name='tmp', mount_path='/scratch', medium='Memory', size_limit='64Mi')
            kubernetes.add_pod_label(picked, 'row', 'north')
            kubernetes.use_field_path_as_env(picked, env_name='POD', field_path='metadata.name')
            kubernetes.set_image_pull_policy(picked, 'IfNotPresent')
            kubernetes.add_ephemeral_volume(picked, volume_name='cold', mount_path='/cold', access_modes=['ReadWriteOnce'], size='1Gi')
            with dsl.If(tree == 'apple'):
                apple = press(fruit=picked.outputs['fruit'])
            with dsl.Else():
                other = cellar(fruit=f'{season} fruit')
            chosen = dsl.OneOf(apple.outputs['juice'], other.output)
            press(fruit=chosen).set_display_name('again')
        pour(juices=dsl.Collected(picked.outputs['fruit']), crates=dsl.Collected(picked.outputs['crate'])).after(seen)
