"""dora: DORA metrics and deploy telemetry from git hosts, CI and incident tools, on one machine."""

__version__ = "0.1.0"
