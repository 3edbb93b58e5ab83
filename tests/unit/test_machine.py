"""Messages between machines: as JSON from afar, as themselves within a process."""

import msgspec
import pytest

from leaselab.appliance.machine import Refusal, read

_decoder = msgspec.json.Decoder(Refusal)
MESSAGE = Refusal(reason="limit", message="no more")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(MESSAGE, id="itself"),
        pytest.param(msgspec.Raw(msgspec.json.encode(MESSAGE)), id="as JSON"),
        pytest.param({"reason": "limit", "message": "no more"}, id="as a history gives it back"),
    ],
)
def test_a_message_is_read_in_whatever_way_it_came(body: object) -> None:
    assert read(body, _decoder, Refusal) == MESSAGE


@pytest.mark.parametrize("body", [None, ("limit", "no more"), msgspec.Raw(b"null"), msgspec.Raw(b"{}")])
def test_another_message_is_a_decode_error(body: object) -> None:
    with pytest.raises(msgspec.DecodeError):
        read(body, _decoder, Refusal)
