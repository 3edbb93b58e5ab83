"""The lab's clock inside a process: an instant that others move on, and skewed readings of it."""

from leaselab.appliance.instants import NEVER, Duration, Instant
from leaselab.appliance.ports import Clock


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
    """A device's own clock: the lab's but for its skew. The device lives in that time, its agenda and history too.

    Args:
        lab: the lab's clock.
        skew: how far ahead of the lab's clock it is; ``None``: it is right, and always was.
    """

    def __init__(self, lab: Clock, skew: Duration | None = None) -> None:
        self.lab = lab
        self.skew: Duration = skew or 0
        self._was_wrong = skew is not None

    def now(self) -> Instant:
        """Return the instant as this device reads it."""
        return self.lab.now() + self.skew

    def observe(self, instant: Instant) -> None:
        """Move the lab's clock on to ``instant`` of this one, unless this one was ever wrong."""
        if not self._was_wrong:
            self.lab.observe(instant)

    def lab_time(self, instant: Instant) -> Instant:
        """Return the lab's instant that an instant of this clock is."""
        return instant - self.skew if instant < NEVER else instant

    def set(self, skew: Duration) -> None:
        """Set this clock ahead of the lab's, or behind."""
        self._was_wrong = self._was_wrong or skew != 0
        self.skew = skew
