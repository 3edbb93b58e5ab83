"""Small labs for tests, as the text of their files."""

from typing import Final

_BOOT: Final = "boot: {accept-license: true, admin: {name: admin, password: admin123}}"


def gateways(name: str, *names: str, settings: str = "") -> str:
    """Return a lab of gateways that boot by themselves: ``gw1`` alone, or those named, all with the same settings."""
    each = ", ".join(["kind: psa3000", _BOOT, *([settings] if settings else [])])
    return f"name: {name}\nnodes:\n" + "".join(f"  {node}: {{{each}}}\n" for node in names or ("gw1",))


def pair(name: str, *, licensed: int = 100, reserved: int = 20, maximum: int = 100, gateway: str = "users: 3") -> str:
    """Return a lab of a license server and the gateway ``gw1``, which leases 25 more users at a time.

    Args:
        name: of the lab.
        licensed: users that the server has licenses for.
        reserved: what it keeps for the gateway.
        maximum: what the gateway can have at most.
        gateway: its further settings.
    """
    return f"""name: {name}
defaults: {{{_BOOT}}}
nodes:
  server:
    kind: psa5000
    licenses: [CONSEC-{licensed}U-1YR]
    license-server:
      clients:
        GW1:
          node: gw1
          password: secret1
          features: {{concurrent-users: {{reserved: {reserved}, increment: 25, maximum: {maximum}}}}}
  gw1: {{kind: psa3000, license-client: {{server: server, id: GW1}}{f", {gateway}" if gateway else ""}}}
"""
