"""Compiles the pipeline of a Python file with the kfp of this interpreter.

Called as: python3 -c THIS FILE PIPELINE OUTPUT ANSWER. PIPELINE may be empty. The pipeline goes to OUTPUT, and
ANSWER becomes a JSON object: what was compiled, or what went wrong.
"""

import importlib.util
import json
import os
import sys
import traceback

path, wanted, output, answer = sys.argv[1:5]


def end(**said):
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(said, file)
    sys.stdout.flush()
    sys.exit(0)


def story(error):
    """The error with the user's own lines: how kfp and the import came there helps nobody."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(kfp.__file__)))
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != "<string>" and "importlib" not in frame.filename and not frame.filename.startswith(home)
    ]
    lines = ["Traceback (most recent call last):\n"] + traceback.format_list(own) if own else []
    return "".join(lines + traceback.format_exception_only(type(error), error)).rstrip()


def line(error):
    """The line of the file itself at which it failed."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    return next((frame.lineno for frame in reversed(traceback.extract_tb(error.__traceback__)) if frame.filename == path), None)


try:
    import kfp
    from kfp import compiler, dsl
    from kfp.dsl import graph_component
except ImportError as error:
    end(problem="no_kfp", message=str(error), name=getattr(error, "name", None))

if not hasattr(graph_component, "GraphComponent") or kfp.__version__.split(".")[0] < "2":
    end(problem="old_kfp", message=kfp.__version__)

# As `python3 FILE` would: what lies beside the file can be imported. The file's own name is not `__main__`, so
# what stands under that guard does not run.
sys.path[0:1] = [os.path.dirname(path)]
sys.argv = [path]
name = os.path.splitext(os.path.basename(path))[0]
if name in sys.modules:
    name = "coracle_pipeline"
try:
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
except (Exception, SystemExit) as error:
    end(problem="failed", message=story(error), line=line(error))

found = {}
for key, value in vars(module).items():
    if isinstance(value, graph_component.GraphComponent) and not any(value is other for other in found.values()):
        found[key] = value

if wanted:
    chosen = [value for key, value in found.items() if wanted in (key, value.name, value.pipeline_spec.pipeline_info.name)]
else:
    chosen = list(found.values())
if len(chosen) != 1:
    end(problem="which", names=sorted(found))

try:
    compiler.Compiler().compile(pipeline_func=chosen[0], package_path=output)
except Exception as error:
    end(problem="failed", message=story(error), line=line(error))
end(problem=None)
