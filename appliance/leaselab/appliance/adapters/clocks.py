"""The lab's clock inside a process: an instant that others move on, and skewed readings of it."""

from leaselab.appliance.instants import Duration, Instant


class LabClock:
    """The lab's instant as this process knows it; one for all devices of a process. It never goes back.

    Args:
        instant: where it starts.
    """

    def __init__(self, instant: Instant) -> None:
        self._instant = instant

    def now(self) -> Instant:
        """Return the present instant."""
        return self._instant

    def observe(self, instant: Instant) -> None:
        """Move on to ``instant`` if that is later."""
        self._instant = max(self._instant, instant)


class SkewedClock:
    """A device's wrong clock: it reads ``skew`` milliseconds off, and moves on with the right one.

    Args:
        base: the lab's clock.
        skew: what is added to each reading; may be negative.
    """

    def __init__(self, base: LabClock, skew: Duration) -> None:
        self._base = base
        self.skew = skew

    def now(self) -> Instant:
        """Return the instant as this device reads it."""
        return self._base.now() + self.skew

    def observe(self, instant: Instant) -> None:
        """Move the lab's clock on to ``instant``."""
        self._base.observe(instant)
