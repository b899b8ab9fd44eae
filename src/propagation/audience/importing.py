"""Real data: who follows whom from a file, what is known of each account from a table."""

from propagation.audience.account_tables import AccountTable, match_accounts, read_accounts
from propagation.audience.edge_lists import FollowsRead, read_follows
from propagation.audience.graph_files import GraphRead, read_graph_file
from propagation.audience.labels import find_account

__all__ = [
    "AccountTable",
    "FollowsRead",
    "GraphRead",
    "find_account",
    "match_accounts",
    "read_accounts",
    "read_follows",
    "read_graph_file",
]
