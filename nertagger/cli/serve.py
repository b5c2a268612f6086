"""`nertagger serve`."""

from __future__ import annotations

import importlib.util
import logging

import click

from nertagger.errors import InputError


@click.command(name="serve")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME[=PATH]",
    help="Model to serve, again for each: its name, its folder, or both.  [default: en]",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    default=8501,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen at; 0 takes a free one.",
)
@click.option(
    "--model-config-file",
    metavar="FILE",
    help="Models in TensorFlow Serving's format: policies and labels of versions too.",
)
@click.option(
    "--monitoring-config-file",
    metavar="FILE",
    help="Of Prometheus, in TensorFlow Serving's format.",
)
@click.option(
    "--max-batch-size",
    default=32,
    show_default=True,
    type=click.IntRange(1),
    help="Texts that are run together when requests meet; 1 runs each request alone.",
)
@click.option(
    "--batch-timeout-ms",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0),
    help="How long a request waits for others though a thread is free.",
)
@click.option(
    "--threads",
    default=0,
    type=click.IntRange(0),
    help="Batches that are run at once.  [default: as many as there are processors]",
)
@click.option(
    "--max-body-bytes",
    default=64 << 20,
    show_default=True,
    type=click.IntRange(1),
    help="Of a request, unpacked.",
)
@click.option(
    "--max-instances",
    default=10_000,
    show_default=True,
    type=click.IntRange(1),
    help="Of a request.",
)
@click.option(
    "--max-text-length",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(1),
    help="Characters of one text.",
)
@click.option(
    "--timeout-ms",
    default=30_000,
    show_default=True,
    type=click.IntRange(1),
    help="For a request to arrive, and again to answer it.",
)
@click.option(
    "--poll-seconds",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Between two looks for new versions; 0 looks once.",
)
@click.option("--verbose", is_flag=True, help="Say which versions come and go.")
def command(
    models: tuple[str, ...],
    host: str,
    port: int,
    model_config_file: str | None,
    monitoring_config_file: str | None,
    max_batch_size: int,
    batch_timeout_ms: float,
    threads: int,
    max_body_bytes: int,
    max_instances: int,
    max_text_length: int,
    timeout_ms: int,
    poll_seconds: float,
    verbose: bool,
) -> int:
    """Serve models over HTTP: TensorFlow Serving's REST API, and a page at /.

    Any SavedModel can be served, not only a tagger. New versions are taken up while it runs.
    Ctrl-C stops it when the requests that have come are answered.

    \b
    nertagger serve
    nertagger serve --model en --model other=/models/other --port 8501
    curl -d '{"instances": ["Ada Lovelace was born in London."]}' \\
        http://127.0.0.1:8501/v1/models/en:predict
    """
    missing = [name for name in ("starlette", "uvicorn") if not importlib.util.find_spec(name)]
    if missing:
        raise InputError(
            f"serving needs {' and '.join(missing)}; install them: pip install 'nertagger[serve]'"
        )
    if models and model_config_file:
        raise InputError("--model and --model-config-file exclude each other; give one of them")

    from nertagger.serving.configuration import (
        METRICS_PATH,
        Limits,
        models_from_arguments,
        read_metrics_path,
        read_model_config,
    )

    metrics_path: str | None = METRICS_PATH
    if monitoring_config_file:
        metrics_path = read_metrics_path(monitoring_config_file)
    configs = (
        read_model_config(model_config_file) if model_config_file else models_from_arguments(models)
    )
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="nertagger serve: %(message)s",
    )

    from nertagger.serving.server import ServerOptions, serve

    return serve(
        ServerOptions(
            models=configs,
            host=host,
            port=port,
            metrics_path=metrics_path,
            limits=Limits(max_body_bytes, max_instances, max_text_length, timeout_ms / 1000),
            maximum_batch_size=max_batch_size,
            batch_timeout=batch_timeout_ms / 1000,
            threads=threads,
            poll_seconds=poll_seconds,
        )
    )
