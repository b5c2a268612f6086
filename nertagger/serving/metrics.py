"""Counters in Prometheus's text format, named and bucketed as TensorFlow Serving's."""

from __future__ import annotations

import bisect
import threading

# In microseconds: 10 to 20 minutes, each 1.8 times the one before.
_LATENCY_LIMITS = [10 * 1.8**exponent for exponent in range(33)]
# Rows of a request.
_COUNT_LIMITS = [float(1 << exponent) for exponent in range(15)]


class _Histogram:
    def __init__(self, limits: list[float]):
        self.limits = limits
        self.counts = [0] * (len(limits) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect.bisect_right(self.limits, value)] += 1
        self.total += value


class Metrics:
    """What the server has done. A model name that is not one is counted under ""."""

    def __init__(self, models: set[str]):
        self._models = models
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str], int] = {}
        self._histograms: dict[str, dict[tuple[tuple[str, str], ...], _Histogram]] = {
            "request_latency": {},
            "runtime_latency": {},
            "request_example_counts": {},
        }

    def _known(self, model: str) -> str:
        # Else whoever asks for many names that are none would fill the memory with them.
        return model if model in self._models else ""

    def count_request(self, model: str, status: str) -> None:
        """A request is answered, with this status."""
        key = (self._known(model), status)
        with self._lock:
            self._requests[key] = self._requests.get(key, 0) + 1

    def observe_request(self, model: str, method: str, microseconds: float) -> None:
        """A request took so long from its last byte to its answer."""
        labels = (("model_name", self._known(model)), ("API", method), ("entrypoint", "REST"))
        self._add("request_latency", labels, microseconds, _LATENCY_LIMITS)

    def observe_runtime(self, model: str, method: str, microseconds: float) -> None:
        """Of that, the runtime, and the wait for it, took so long."""
        labels = (("model_name", model), ("API", method.capitalize()), ("runtime", "TF1"))
        self._add("runtime_latency", labels, microseconds, _LATENCY_LIMITS)

    def observe_examples(self, model: str, count: int) -> None:
        """A request brought so many examples."""
        self._add("request_example_counts", (("model", model),), count, _COUNT_LIMITS)

    def _add(
        self, name: str, labels: tuple[tuple[str, str], ...], value: float, limits: list[float]
    ) -> None:
        with self._lock:
            histograms = self._histograms[name]
            if labels not in histograms:
                histograms[labels] = _Histogram(limits)
            histograms[labels].add(value)

    def page(self) -> str:
        """Everything, as Prometheus scrapes it."""
        lines = []
        with self._lock:
            if self._requests:
                lines.append("# TYPE :tensorflow:serving:request_count counter")
            for (model, status), count in sorted(self._requests.items()):
                labels = _labels((("model_name", model), ("status", status)))
                lines.append(f":tensorflow:serving:request_count{{{labels}}} {count}")
            for short, histograms in self._histograms.items():
                name = f":tensorflow:serving:{short}"
                if histograms:
                    lines.append(f"# TYPE {name} histogram")
                for pairs, histogram in sorted(histograms.items()):
                    lines += _histogram_lines(name, _labels(pairs), histogram)
        return "\n".join(lines) + "\n"


def _labels(pairs: tuple[tuple[str, str], ...]) -> str:
    escaped = ((name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in pairs)
    return ",".join(f'{name}="{value}"' for name, value in escaped).replace("\n", "\\n")


def _histogram_lines(name: str, labels: str, histogram: _Histogram) -> list[str]:
    lines = []
    cumulative = 0
    limits = [f"{limit:.6g}" for limit in histogram.limits] + ["+Inf"]
    for limit, count in zip(limits, histogram.counts, strict=True):
        cumulative += count
        lines.append(f'{name}_bucket{{{labels},le="{limit}"}} {cumulative}')
    lines.append(f"{name}_sum{{{labels}}} {histogram.total:.6g}")
    lines.append(f"{name}_count{{{labels}}} {cumulative}")
    return lines
