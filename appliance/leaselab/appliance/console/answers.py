"""Answers that a topology gives ahead to the prompts of first boot (CON-04)."""

import ipaddress
from collections.abc import Mapping
from typing import Final

_YES_OR_NO: Final = {"true": "y", "false": "n"}
_NOTHING: Final = "-"

NAMES: Final = {
    "factory-image": "pcs or pps: the image that a MAG starts from after a factory reset",
    "proceed": "y or n",
    "accept-license": "y or n",
    "virtual-license-server": "y or n",
    "network": "ADDRESS NETMASK [GATEWAY], or ADDRESS/PREFIX [GATEWAY]",
    "dns": "PRIMARY [SECONDARY [DOMAIN…]], - for none",
    "wins": "ADDRESS, or - for none",
    "admin-name": "the administrator's name",
    "admin-password": "the administrator's password",
    "certificate-common-name": "a host name",
    "certificate-organization": "a name",
    "random-text": "any characters",
}
"""The prompts that can be answered ahead, and how."""


def given_answers(boot: Mapping[str, str]) -> dict[str, str]:
    """Return the answer to each single prompt.

    ``network``, ``dns`` and ``wins`` cover several prompts each; when all three are there, so is the answer to
    ``Correct?`` that follows them. An answer that makes no sense is handed on as it is: the console shows it, says
    what is wrong and asks a person.

    Raises:
        ValueError: there is no prompt of that name.
    """
    given: dict[str, str] = {}
    for name, answer in boot.items():
        if name not in NAMES:
            raise ValueError(f"there is no boot prompt {name!r}; there are {', '.join(NAMES)}")
        match name:
            case "network":
                given |= _network(answer)
            case "dns":
                given |= _dns(answer)
            case "wins":
                given["wins"] = _word(answer.strip())
            case "admin-password":
                given |= {"admin-password": answer, "admin-confirm": answer}
            case "proceed" | "accept-license" | "virtual-license-server":
                given[name] = _YES_OR_NO.get(answer.strip().lower(), answer)
            case _:
                given[name] = answer
    if {"network", "dns", "wins"} <= boot.keys():
        given["confirm"] = "y"
    return given


def _network(answer: str) -> dict[str, str]:
    first, *rest = answer.split() or [""]
    address, slash, _ = first.partition("/")
    if slash:
        try:
            rest.insert(0, str(ipaddress.IPv4Interface(first).netmask))
        except ValueError:
            return {"address": first}
    fields = dict(zip(("address", "netmask", "gateway"), (address, *rest, ""), strict=False))
    return {name: _word(value) for name, value in fields.items()}


def _dns(answer: str) -> dict[str, str]:
    primary, secondary, *domains = (*answer.split(), "", "")
    return {
        "dns-primary": _word(primary),
        "dns-secondary": _word(secondary),
        "dns-domains": " ".join(_word(domain) for domain in domains).strip(),
    }


def _word(word: str) -> str:
    return "" if word == _NOTHING else word
