"""The lab's clock: who wakes when, and how far time may go."""
