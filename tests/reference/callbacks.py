"""The store's own satisfaction callbacks."""

from collections import Counter
from fractions import Fraction

from tests.reference.arithmetic import add_months, group, mean
from tests.reference.facts import Facts, store_month
from tests.reference.landing import Row
from tests.reference.rates import rate

UNREACHABLE = ("powered_off", "suspended", "unreachable", "no_answer", "wrong_number")
DECLINED = ("refused", "rejected")
QUESTIONS = [f"Q{number}" for number in range(1, 8)]


def _known_answers(facts: Facts) -> list[Row]:
    """Answers with a known score; they count on completed calls only."""
    return [row for row in facts.answers if row["outcome"] == "completed" and row["score"] is not None]


def callback_store_monthly(facts: Facts) -> list[Row]:
    """One row per store and month with a call."""
    by_question = group(_known_answers(facts), lambda row: (row["question_code"], *store_month(row, "called_at")))
    rows = []
    for key, calls in group(facts.callbacks, lambda row: store_month(row, "called_at")).items():
        outcomes = Counter(row["outcome"] for row in calls)
        satisfaction = [row["score"] for row in by_question.get(("Q1", *key), [])]
        recommendation = [row["score"] for row in by_question.get(("Q8", *key), [])]
        delighted = sum(score == 5 for score in satisfaction)
        disappointed = sum(score <= 3 for score in satisfaction)
        balance = sum(score >= 9 for score in recommendation) - sum(score <= 6 for score in recommendation)
        rows.append(
            {
                "store_code": key[0],
                "month": key[1],
                "callbacks": len(calls),
                "completed": outcomes["completed"],
                "unreachable": sum(outcomes[outcome] for outcome in UNREACHABLE),
                "declined": sum(outcomes[outcome] for outcome in DECLINED),
                "delighted": delighted,
                "disappointed": disappointed,
                "nps": Fraction(balance, len(recommendation)) * 100 if recommendation else None,
                "nps_answers": len(recommendation),
            }
            | rate("completed_rate", outcomes["completed"], len(calls))
            | rate("delighted_rate", delighted, len(calls))
            | rate("disappointed_rate", disappointed, len(calls))
        )
    return rows


def _questions(facts: Facts, *columns: str) -> list[Row]:
    answers = [row for row in _known_answers(facts) if row["question_code"] in QUESTIONS]
    groups = group(
        answers,
        lambda row: (store_month(row, "called_at")[1], *(row[column] for column in (*columns, "question_code"))),
    )
    scores = {key: mean([row["score"] for row in found]) / 5 * 100 for key, found in groups.items()}
    rows = []
    for key, found in groups.items():
        low = sum(row["score"] <= 3 for row in found)
        rows.append(
            dict(zip(("month", *columns, "question_code"), key, strict=True))
            | {
                "answers": len(found),
                "score": scores[key],
                "previous_score": scores.get((add_months(key[0], -1), *key[1:])),
                "low_answers": low,
            }
            | rate("low_rate", low, len(found))
        )
    return rows


def callback_question_monthly(facts: Facts) -> list[Row]:
    """One row per store, month and question with a known answer."""
    return _questions(facts, "store_code")


def callback_advisor_monthly(facts: Facts) -> list[Row]:
    """One row per advisor, month and question with a known answer."""
    return _questions(facts, "store_code", "advisor_no")
