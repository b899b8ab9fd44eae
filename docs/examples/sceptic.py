"""People who believe nothing at once: the first notice never leads to a share.

Use it so: ``propagation run FILE --agents docs/examples/sceptic.py:Sceptic``.
"""

from propagation import Account


class Sceptic(Account):
    """An account that shares at its second notice at the earliest, and otherwise as usual."""

    def decides(self, spreading, k):
        """Say whether this account decides to share on its k-th notice (1, 2, ...)."""
        return k > 1 and super().decides(spreading, k)
