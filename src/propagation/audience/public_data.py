"""Follower graphs that others have published: what they are, where they lie, what is known of them.

Nothing is downloaded here (see ``downloading``). The checksums of the publisher's files are not
published, so the published counts of accounts and follows are what a download is checked against.
"""

from dataclasses import dataclass

from propagation.problems import InputError, Problem, not_one_of


@dataclass(frozen=True)
class DataSet:
    """A published list of follows.

    Attributes
    ----------
    follows
        Different follows as published; accounts that follow themselves count.
    follower, followee
        Numbers of the columns, from 1.
    direction
        How it is known which column follows which.
    """

    name: str
    what: str
    url: str
    accounts: int
    follows: int
    follower: int
    followee: int
    direction: str
    note: str
    licence: str
    citation: str

    @property
    def file(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]


# Read in copies of the publisher's page kept by others, which name papers to cite and no licence.
NO_LICENCE = "the publisher states none, as far as is known; ask before you pass it on"
COLLECTION = (
    "Leskovec, J., Krevl, A.: SNAP Datasets: Stanford Large Network Dataset Collection, 2014, "
    "https://snap.stanford.edu/data"
)

DATA_SETS = {
    each.name: each
    for each in (
        DataSet(
            name="ego-twitter",
            what="who follows whom around 973 people on Twitter, collected up to 2012; for the "
            "accounts in between only some of the follows are known",
            url="https://snap.stanford.edu/data/twitter_combined.txt.gz",
            accounts=81_306,
            follows=1_768_149,
            follower=1,
            followee=2,
            # The archive of ego networks next to the file says "a follows b"; others who counted
            # the file's 2,420,766 lines found 1,768,149 different ones, 14 of them self-follows.
            direction="as the publisher describes the ego networks it is joined from: a follows b",
            note="the file repeats lines: 2,420,766 lines, counted by others",
            licence=NO_LICENCE,
            citation="McAuley, J., Leskovec, J.: Learning to discover social circles in ego "
            f"networks. NIPS 2012; {COLLECTION}",
        ),
        DataSet(
            name="higgs",
            what="who follows whom among the accounts that tweeted about the Higgs boson, "
            "1 to 7 July 2012; ids are made up",
            url="https://snap.stanford.edu/data/higgs-social_network.edgelist.gz",
            accounts=456_626,
            follows=14_855_842,
            follower=1,
            followee=2,
            # KONECT (konect.cc/networks/higgs-twitter-social) counts 51,386 edges into one account
            # and at most 1,259 out of one, and 23 self-follows among 14,855,842 distinct edges.
            direction="not stated by the publisher; taken so that one account has 51,386 followers "
            "and none follows more than 1,259, as KONECT counts; the other way round one "
            "account would follow 51,386",
            note="check the direction yourself before you rely on it",
            licence=NO_LICENCE,
            citation="De Domenico, M., Lima, A., Mougel, P., Musolesi, M.: The anatomy of a "
            f"scientific rumor. Scientific Reports 3, 2980 (2013); {COLLECTION}",
        ),
    )
}


def data_set(name: str) -> DataSet:
    """Return a data set by its name.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    if name not in DATA_SETS:
        raise InputError(Problem(not_one_of(name, DATA_SETS), "NAME"))
    return DATA_SETS[name]


def listing() -> list[str]:
    """Return what there is, a line for each fact."""
    lines: list[str] = []
    for each in DATA_SETS.values():
        lines += [
            each.name,
            f"  what:       {each.what}",
            f"  size:       {each.accounts:,} accounts, {each.follows:,} follows as published "
            "(self-follows count); the size of the download is not known",
            f"  direction:  column {each.follower} follows column {each.followee}: "
            f"{each.direction}",
            f"  note:       {each.note}",
            f"  licence:    {each.licence}",
            f"  cite:       {each.citation}",
            f"  from:       {each.url}",
        ]
    return lines
