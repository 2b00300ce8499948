"""Two steps that hand over a parameter and an artifact.

Compile with kfp 2.17.0:
    kfp dsl compile --py two_steps.py --output two_steps.yaml
"""
from kfp import dsl

@dsl.container_component
def weigh(fruit: str, count: int, basket: dsl.Output[dsl.Dataset], grams: dsl.OutputPath(float)):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c'], args=['echo "$0" > "$1"', fruit, basket.path, count, grams])

@dsl.container_component
def label(basket: dsl.Input[dsl.Dataset], grams: float = 0.5):
    return dsl.ContainerSpec(image='alpine', command=['cat'], args=[basket.path, grams])

@dsl.pipeline(name='two-steps', description='Weighs fruit and labels the basket.', display_name='Two steps')
def two_steps(fruit: str = 'pear', count: int = 3):
    weighed = weigh(fruit=fruit, count=count)
    label(basket=weighed.outputs['basket'], grams=weighed.outputs['grams'])
