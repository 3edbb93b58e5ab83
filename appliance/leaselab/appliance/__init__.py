"""The device: an emulated VPN gateway or license server. Knows nothing of labs."""

__version__ = "0.1.0"
