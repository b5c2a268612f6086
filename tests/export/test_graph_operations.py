"""What is in the graph: core operations alone, kernels for GPUs, and nothing of this machine."""

import pytest
from exported_models import MODELS
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework import kernels, op_def_registry

# They call Python, which no server has.
PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction"}


def _graph(exported):
    saved = SavedModel()
    saved.ParseFromString((exported.directory / "saved_model.pb").read_bytes())
    (meta_graph,) = saved.meta_graphs
    return meta_graph.graph_def


def _functions_called(graph, name, seen):
    """The functions that one calls, itself among them."""
    functions = {function.signature.name: function for function in graph.library.function}
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in functions[name].node_def:
            waiting += [value.func.name for value in node.attr.values() if value.func.name]
    return [functions[name] for name in seen]


def _attribute(node, name):
    if name in node.attr:
        return node.attr[name]
    definitions = op_def_registry.get(node.op).attr
    return next(a.default_value for a in definitions if a.name == name)


def _has_gpu_kernel(node):
    return any(
        kernel.device_type in ("GPU", "DEFAULT")
        and all(
            _attribute(node, constraint.name).type in constraint.allowed_values.list.type
            for constraint in kernel.constraint
        )
        for kernel in kernels.get_registered_kernels_for_op(node.op).kernel
    )


@pytest.mark.parametrize("name", MODELS)
def test_every_operation_is_one_of_the_core(name, exported):
    graph = _graph(exported[name])
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    functions = {function.signature.name for function in graph.library.function}
    operations = {node.op for node in nodes} - functions
    assert {"UnicodeDecode", "LookupTableFindV2", "MatMul", "While"} & operations
    assert not [op for op in operations if op_def_registry.get(op) is None]
    assert not operations & PYTHON


@pytest.mark.parametrize("name", MODELS)
def test_the_network_has_gpu_kernels_and_only_the_text_part_is_on_the_cpu(name, exported):
    graph = _graph(exported[name])
    signatures = [
        function.signature.name
        for function in graph.library.function
        if "signature_wrapper" in function.signature.name
    ]
    assert len(signatures) == 3
    seen = set()
    for signature in signatures:
        _functions_called(graph, signature, seen)
    nodes = [n for f in graph.library.function if f.signature.name in seen for n in f.node_def]
    assert {node.device for node in nodes} == {"", "/device:CPU:0"}
    unpinned = [node for node in nodes if not node.device]
    without = {(node.op, node.name) for node in unpinned if not _has_gpu_kernel(node)}
    assert not without
    pinned = {node.op for node in nodes if node.device}
    assert {"UnicodeDecode", "UnicodeEncode", "LookupTableFindV2"} <= pinned
    network = {"MatMul", "Tanh", "Sigmoid", "Softmax", "Conv2D", "ReadVariableOp"}
    assert network & {node.op for node in unpinned}
    assert not network & pinned


def test_nothing_says_where_it_was_made(exported):
    for model in exported.values():
        content = (model.directory / "saved_model.pb").read_bytes()
        assert b"/tmp" not in content
        assert b"site-packages" not in content
        assert str(model.directory.parent.parent).encode() not in content
