"""Network Settings and Tools."""

import pytest

from leaselab.appliance.console import Keys, Outcome, PortFacts, step
from leaselab.appliance.console.tools import AddNeighbour, ClearNeighbours, Echo, Neighbour
from leaselab.appliance.licensing.commands import SetNetwork
from leaselab.testbed.testing.desk import Desk, booted

PEERS = {"vls1": "10.10.22.40", "gw2": "10.10.22.41"}


def network_menu(**changed: object) -> Desk:
    """Return a desk at the network menu."""
    desk = Desk(booted(**changed))
    desk.power_on()
    desk.enter("", "1")
    return desk


@pytest.mark.rule("CON-02")
def test_the_menu_has_the_products_entries() -> None:
    shown = network_menu().output

    assert "\n 1. View/Set IP/Netmask/Gateway/DNS/WINS Settings\n 2. Print Routing Table\n" in shown
    assert shown.endswith(" <return to go back to main menu>\nChoice: ")


@pytest.mark.rule("CON-02")
def test_settings_are_shown_and_kept_where_enter_is_hit() -> None:
    desk = network_menu()

    assert "Internal port:\n     IP address:           10.10.22.34\n" in desk.enter("1")
    desk.enter("y")
    assert desk.prompt == "IP address [10.10.22.34]:"
    shown = desk.enter("", "", "10.10.22.2", "", "10.10.22.54", "-", "", "y")

    assert desk.commands == [
        SetNetwork(
            port="internal",
            address="10.10.22.34",
            netmask="255.255.255.0",
            gateway="10.10.22.2",
            dns=("10.10.22.53", "10.10.22.54"),
        )
    ]
    assert "The settings were saved.\n" in shown


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("answers", [("n",), ("",), ("y", "", "", "", "", "", "", "", "n")])
def test_settings_can_be_looked_at_and_left_alone(answers: tuple[str, ...]) -> None:
    desk = network_menu()

    desk.enter("1", *answers)

    assert (desk.commands, desk.prompt) == ([], "Choice:")


@pytest.mark.rule("CON-02")
def test_the_routing_table_has_a_route_for_each_enabled_port_and_the_gateway() -> None:
    internal = PortFacts(address="10.10.22.34", netmask="255.255.255.0", gateway="10.10.22.1")
    off = PortFacts(address="10.10.30.34", netmask="255.255.255.0", enabled=False)

    shown = network_menu(ports={"internal": internal, "external": off}).enter("2")

    assert [line.split() for line in shown.splitlines()[2:5]] == [
        ["Destination", "Gateway", "Genmask", "Iface"],
        ["10.10.22.0", "0.0.0.0", "255.255.255.0", "internal"],
        ["0.0.0.0", "10.10.22.1", "0.0.0.0", "internal"],
    ]
    assert "external" not in shown


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("wanted", ["vls1", "10.10.22.40"])
def test_a_peer_in_reach_answers_six_pings(wanted: str) -> None:
    desk = network_menu(peers=PEERS)
    desk.enter("5")
    assert desk.prompt == "Enter hostname/IP address:"

    shown = desk.enter(wanted)

    assert "Sending six ping packets to 10.10.22.40 via internal (10.10.22.34) port\npress ctrl-c" in shown
    assert shown.count("64 bytes from 10.10.22.40") == 6
    assert "6 packets transmitted, 6 received, 0% packet loss\n" in shown


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("wanted", ["gw2", "10.10.22.41", "192.0.2.1"])
def test_what_is_out_of_reach_answers_none(wanted: str) -> None:
    desk = network_menu(peers=PEERS)
    desk.silent.add(PEERS["gw2"])

    assert "6 packets transmitted, 0 received, 100% packet loss\n" in desk.enter("5", wanted)


@pytest.mark.rule("CON-02")
def test_ctrl_c_stops_the_ping_and_sums_up_what_came_back() -> None:
    desk = network_menu(peers=PEERS)
    desk.enter("5")
    under_way = step(desk.screen, Keys(b"vls1\r"), desk.facts)
    answered = step(under_way.screen, Outcome(Echo(milliseconds=1.0)), desk.facts)

    pressed = step(answered.screen, Keys(b"no, \x03"), desk.facts)
    over = step(pressed.screen, Outcome(Echo(milliseconds=3.0)), desk.facts)

    assert pressed.output == "^C\r\n"
    assert "2 packets transmitted, 2 received, 0% packet loss\r\n" in over.output
    assert "rtt min/avg/max = 1.000/2.000/3.000 ms\r\n" in over.output
    assert (over.commands, over.prompt) == ((), "Choice:")


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize(("choice", "said"), [("5", "ping: unknown host pcls"), ("6", "traceroute: unknown host pcls")])
def test_a_name_that_nobody_has_is_said_to_be_unknown(choice: str, said: str) -> None:
    assert said in network_menu(peers=PEERS).enter(choice, "pcls")


@pytest.mark.rule("CON-02")
def test_a_route_is_one_hop_or_none() -> None:
    desk = network_menu(peers=PEERS)
    desk.silent.add(PEERS["gw2"])

    assert " 1  vls1 (10.10.22.40)  0.250 ms  0.250 ms  0.250 ms\n" in desk.enter("6", "vls1")
    assert " 1  * * *\n" in desk.enter("6", "gw2")


@pytest.mark.rule("CON-02")
def test_the_arp_cache_shows_what_was_learned_and_what_was_entered() -> None:
    desk = network_menu(
        neighbours=(
            Neighbour("10.10.22.40", "02:42:0a:0a:16:28", "internal"),
            Neighbour("10.10.22.41", "02:42:0a:0a:16:29", "internal", by_hand=True),
        )
    )

    rows = [line.split() for line in desk.enter("3").splitlines()]

    assert ["10.10.22.40", "ether", "02:42:0a:0a:16:28", "C", "internal"] in rows
    assert ["10.10.22.41", "ether", "02:42:0a:0a:16:29", "CM", "internal"] in rows
    assert "The ARP cache is empty.\n" in network_menu().enter("3")


@pytest.mark.rule("CON-02")
def test_an_arp_entry_is_checked_and_added_and_the_cache_can_be_cleared() -> None:
    desk = network_menu()

    desk.enter("8", "")
    assert (desk.prompt, desk.commands) == ("Choice:", [])
    assert "is not an IP address" in desk.enter("8", "10.10.22")
    desk.enter("10.10.22.40")
    assert "is not a MAC address" in desk.enter("02:42")
    assert "The entry was added.\n" in desk.enter("02:42:0A:0A:16:28")
    assert "The ARP cache was cleared.\n" in desk.enter("4")

    added = AddNeighbour(address="10.10.22.40", hardware_address="02:42:0a:0a:16:28")
    assert desk.commands == [added, ClearNeighbours()]


@pytest.mark.rule("CON-02")
def test_the_route_to_the_gateway_can_be_removed_and_no_other() -> None:
    desk = network_menu()

    desk.enter("7", "")
    assert (desk.prompt, desk.commands) == ("Choice:", [])
    assert "There is no route to 10.10.22.0 that could be removed." in desk.enter("7", "10.10.22.0")
    assert "The route was removed.\n" in desk.enter("7", "default")

    (command,) = desk.commands
    assert isinstance(command, SetNetwork)
    assert (command.address, command.gateway, command.dns) == ("10.10.22.34", "", ("10.10.22.53",))


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("wanted", ["vls1", "10.10.22.40"])
def test_a_peer_is_looked_up_by_name_and_by_address(wanted: str) -> None:
    shown = network_menu(peers=PEERS).enter("9", wanted)

    assert "Server: 10.10.22.53\n\nName: vls1\nAddress: 10.10.22.40\n" in shown
    assert "gw2" not in shown


@pytest.mark.rule("CON-02")
def test_a_name_that_nobody_has_is_not_found() -> None:
    desk = network_menu(peers=PEERS, ports={})

    assert "\n** server can't find pcls: NXDOMAIN\n" in desk.enter("9", "pcls")
    assert "NXDOMAIN" not in desk.enter("9", "")


@pytest.mark.rule("CON-02")
def test_the_published_menu_of_the_first_generation_has_no_look_up() -> None:
    desk = network_menu(release="7.1R1")

    assert "Look up" not in desk.output
    assert "'9' is not on the menu" in desk.enter("9")


@pytest.mark.rule("CON-02")
def test_return_leads_back_and_nonsense_does_not() -> None:
    desk = network_menu()

    assert "'10' is not on the menu" in desk.enter("10")
    assert "Serial Console!" in desk.enter("")


@pytest.mark.rule("CON-02")
def test_a_device_without_addresses_says_so() -> None:
    desk = network_menu(ports={}, peers=PEERS)

    assert "No port has been set up." in desk.enter("1")
    assert "Please answer y or n." in desk.enter("perhaps")
    desk.enter("y")
    assert desk.prompt == "IP address:"
    desk.type(b"\x03")
    assert "via internal (no address) port" in desk.enter("5", "vls1")


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("choice", ["5", "6"])
def test_an_empty_name_reaches_nobody_and_leads_back(choice: str) -> None:
    desk = network_menu(peers=PEERS)

    assert "packets" not in desk.enter(choice, "")
    assert desk.prompt == "Choice:"


@pytest.mark.rule("CON-02")
def test_there_may_be_no_gateway_in_the_routing_table() -> None:
    internal = PortFacts(address="10.10.22.34", netmask="255.255.255.0")

    assert network_menu(ports={"internal": internal}).enter("2").count("internal") == 1
