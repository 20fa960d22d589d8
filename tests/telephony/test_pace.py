"""A sender may write so much, and others as much again."""

from telephony.pace import SENDERS, Pace


def test_more_than_the_limit_waits_until_the_oldest_is_old() -> None:
    pace = Pace(most=2, seconds=60)
    assert [pace.allows("a", at) for at in (0, 10, 20, 59)] == [True, True, False, False]
    assert pace.allows("b", 20)
    assert [pace.allows("a", at) for at in (60, 61, 70)] == [True, False, True]
    assert pace.ignored == 3


def test_what_is_remembered_is_bounded() -> None:
    pace = Pace(most=1, seconds=60)
    assert all(pace.allows(str(sender), 0) for sender in range(SENDERS + 1))
    assert pace.allows("0", 1)  # forgotten
    assert not pace.allows("9000", 1)
