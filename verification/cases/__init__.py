"""All cases, in the order of the report."""

from verification.cases.branching import BRANCHING
from verification.cases.community import COMMUNITY_SIZE
from verification.cases.competition import COMPETITION
from verification.cases.coverage import COVERAGE
from verification.cases.delays import DELAYS
from verification.cases.followers import FOLLOWERS
from verification.cases.kills import KILLS
from verification.cases.movement import MOVEMENT
from verification.cases.networks import NETWORKS
from verification.cases.outreach import OUTREACH
from verification.cases.outside import OUTSIDE
from verification.cases.percolation import PERCOLATION
from verification.cases.planning import PLANNING
from verification.cases.reachability import REACHABILITY
from verification.cases.reinforcement import REINFORCEMENT
from verification.cases.seeding import SEEDING
from verification.cases.tails import TAILS
from verification.cases.theory import CASES as THEORY
from verification.cases.thresholds import THRESHOLDS
from verification.cases.transitions import TRANSITIONS
from verification.verdicts import Case

CASES: tuple[Case, ...] = (
    *REACHABILITY,
    *BRANCHING,
    *TAILS,
    *PERCOLATION,
    *NETWORKS,
    *THRESHOLDS,
    *TRANSITIONS,
    *REINFORCEMENT,
    *COMMUNITY_SIZE,
    *OUTSIDE,
    *SEEDING,
    *FOLLOWERS,
    *MOVEMENT,
    *DELAYS,
    *PLANNING,
    *THEORY,
    *COVERAGE,
    *OUTREACH,
    *COMPETITION,
    *KILLS,
)
