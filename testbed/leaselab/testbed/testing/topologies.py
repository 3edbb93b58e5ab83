"""Small labs for tests, as the text of their files."""

from typing import Final

_BOOT: Final = "boot: {accept-license: true, admin: {name: admin, password: admin123}}"


def gateways(name: str, *names: str, settings: str = "") -> str:
    """Return a lab of gateways that boot by themselves: ``gw1`` alone, or those named, all with the same settings."""
    each = ", ".join(["kind: psa3000", _BOOT, *([settings] if settings else [])])
    return f"name: {name}\nnodes:\n" + "".join(f"  {node}: {{{each}}}\n" for node in names or ("gw1",))


def pair(name: str) -> str:
    """Return a lab of a license server for 100 users and the gateway ``gw1`` with three of them.

    The gateway has 20 reserved, and gets 25 more at a time up to 100.
    """
    return f"""name: {name}
defaults: {{{_BOOT}}}
nodes:
  server:
    kind: psa5000
    licenses: [CONSEC-100U-1YR]
    license-server:
      clients:
        GW1:
          node: gw1
          password: secret1
          features: {{concurrent-users: {{reserved: 20, increment: 25, maximum: 100}}}}
  gw1: {{kind: psa3000, license-client: {{server: server, id: GW1}}, users: 3}}
"""
