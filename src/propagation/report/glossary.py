"""The words of a report, for a reader who has not seen one before."""

from propagation.scenario.metrics import has_cost, is_limited, moves, pitches
from propagation.scenario.spec import Scenario

TERMS = {
    "Account": "Somebody who can see messages and share them: a person or an organisation.",
    "Segment": "A group of accounts alike in what they care about and whom they follow.",
    "Followers of an account": "Those to whom everything that it shares is shown.",
    "Strategy": "What is posted, by which of our accounts, and when.",
    "Baseline": "The strategy with which the others are compared.",
    "Campaign": "One play of a strategy from its first post to the end. Also called a replicate or "
    "a run. Every campaign turns out differently, because luck is part of it.",
    "World": "One draw of who follows whom, with everybody's traits. Also called a drawn graph.",
    "Paired campaigns": "Two strategies played in the same world with the same luck, so that what "
    "differs is due to the strategies.",
    "Notice": "To see a message that somebody one follows has shared.",
    "Attention": "The chance to notice a message each time somebody one follows shares it.",
    "Interest": "How relevant a topic is to an account: 0 for not at all, 1 for fully.",
    "Resonance": "The pull of a message: resonance times interest is the chance that somebody who "
    "notices it decides to share it.",
    "Value": "What it is worth to you that such an account notices the message.",
    "Cascade": "A post and all shares that go back to it, each with the share that led to it.",
    "Mean": "The average over all campaigns. A few very large campaigns can pull it up.",
    "Median": "Half of the campaigns stay below it, half land above.",
    "95% interval": "How well a mean, ratio or chance is known: of 100 such intervals about 95 "
    "contain the true number of this scenario. More campaigns make it narrower.",
    "8 of 10 campaigns": "The range in which eight of ten campaigns land: the lowest tenth and the "
    "highest tenth are left out. More campaigns do not make it narrower.",
    "First over second": "The ratio of the two means: how many times as much the first strategy "
    "brings as the second, on average.",
    "Chance that the first does better": "In how many of 100 paired campaigns the first strategy "
    "does better than the second; ties count half.",
    "Not settled": "The campaigns played leave open which strategy does better.",
    "No practical difference": "Whatever the difference is, it is too small to matter; from where "
    "on it matters is set in the scenario.",
}
CAMPAIGN = {
    "Pitch": "A message offered to one recipient, who may open it, answer, and cover it.",
    "Blast": "The same message sent to many, none of them addressed in person.",
    "Coverage": "Somebody who was pitched to shares the message with followers of their own.",
    "Wearing": "An irrelevant pitch makes its recipient less willing to open the next one from the "
    "same account.",
}
ORIGINALS = {
    "Original": "A message that somebody who has noticed the topic writes and posts of their own "
    "accord. It spreads like any other and can set off more of them.",
}
MOVING = {
    "Followers gained and lost": "How often an account began to follow one of ours during the "
    "campaign, and how often one left. Who comes back is counted again.",
}
COSTS = {
    "Cost": "What the actions of a strategy cost, in the unit of money of the scenario.",
    "Cost per reach": "What is paid in all campaigns together for each account reached in all of "
    "them; not the average of the campaigns' own ratios.",
    "Cost of one more unit of effect": "The difference in cost divided by the difference in effect "
    "between a strategy and the baseline: what the additional effect costs.",
}
LIMITED = {
    "Capacity": "How many posts a day somebody can take in. With as many in the feed, half of them "
    "are noticed; the more accounts somebody follows, the less of each.",
}
VARIED = {
    "Resonance that varies": "Most posts have little pull and a few have much; each post of the "
    "message draws its own.",
}
AT_EQUAL_COST = {
    "At equal cost": "What a strategy buys by number was multiplied by one factor, so that each "
    "strategy costs as much as the budget allows and none costs more.",
}
UNCERTAIN = {
    "What is uncertain": "Inputs that nobody knows, each with the range in which it may lie.",
    "Combination": "One value of each of those inputs, drawn from their ranges.",
    "Nine of ten combinations": "The range without the lowest and the highest twentieth of the "
    "combinations. More campaigns do not make it narrower; better knowledge of the inputs does.",
    "Alone, and with the others": "The first-order and the total Sobol index of an input: which "
    "part of the variance over the combinations would go if that input were known, and which part "
    "would stay if all the others were.",
}
TIE = {
    "Tie": "The value of an input at which neither of two strategies is ahead. Also called the "
    "break-even.",
    "By simulation error alone": "How well the simulation knows the tie of the scenario as it is "
    "written. More campaigns or more worlds narrow it; what is uncertain is not in it.",
}
SWEPT = {
    "Sweep": "The two strategies compared at many values of some inputs, in the same worlds and "
    "with the same luck.",
}
SHUFFLED = (
    "Everybody has traded places in the follower graph with somebody of as many followers. It "
    "tells how much is due to who people are, and how much to whom they stand close to."
)


def glossary(scenario: Scenario) -> dict[str, str]:
    """Return the terms of a report, each with its meaning."""
    varied = any(not isinstance(one.resonance, float) for one in scenario.messages.values())
    used = (
        (CAMPAIGN, pitches(scenario)),
        (ORIGINALS, scenario.originals is not None),
        (MOVING, moves(scenario)),
        (COSTS, has_cost(scenario)),
        (AT_EQUAL_COST, scenario.compare.at_equal is not None),
        (LIMITED, is_limited(scenario)),
        (VARIED, varied),
        (UNCERTAIN, scenario.uncertain is not None),
        (TIE, scenario.break_even is not None or scenario.sweep is not None),
        (SWEPT, scenario.sweep is not None),
        ({"Shuffled world": SHUFFLED}, bool(scenario.shuffled)),
    )
    further = [terms for terms, is_used in used if is_used]
    return TERMS | {term: text for terms in further for term, text in terms.items()}
