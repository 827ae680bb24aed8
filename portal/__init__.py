"""在线消费纠纷解决企业自助门户. Imports nothing heavy: see `portal.app` and `portal.cli`."""

__version__ = "0.1.0"
