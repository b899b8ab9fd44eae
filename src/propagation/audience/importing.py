"""Real data: who follows whom from an edge list, what is known of each account from a table."""

from propagation.audience.account_tables import AccountTable, match_accounts, read_accounts
from propagation.audience.edge_lists import FollowsRead, read_follows
from propagation.audience.labels import find_account

__all__ = [
    "AccountTable",
    "FollowsRead",
    "find_account",
    "match_accounts",
    "read_accounts",
    "read_follows",
]
