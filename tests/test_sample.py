"""The sample reproduces every published table, keeps every rule, and is the same bytes every time."""

import hashlib
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from dagster_project import cli
from dagster_project.contracts import read_contracts
from dagster_project.load.landing import find_strays
from dagster_project.sample import (
    CALLBACK_MONTH,
    CHURN_MONTH,
    COMPLAINT_MONTH,
    CSS_MONTH,
    CSS_PREVIOUS_MONTH,
    FILES_YEAR,
    FIRST_FIX_MONTH,
    MAIN_STORE,
    MYSTERY_MONTH,
    PLANTED,
    QUARANTINED,
    SAMPLE_AS_OF,
    build_tables,
)
from dagster_project.sample.extracts import plan_extracts
from dagster_project.sample.months import add_months, last_day, month_of
from dagster_project.sample.people import check_digit
from dagster_project.sample.write import Extract, Style, write_all
from dagster_project.sample_mark import SAMPLE_MARK, mark_sample

MOT_WEIGHTS = {f"mot{n:02d}": w for n, w in enumerate((10, 5, 15, 10, 5, 15, 5, 5, 20, 10), start=1)}
UNREACHABLE = {"powered_off", "suspended", "unreachable", "no_answer", "wrong_number"}


@pytest.mark.parametrize("is_marked", [False, True])
def test_a_folder_of_real_extracts_is_never_written_to(tmp_path: Path, monkeypatch, capsys, is_marked: bool) -> None:
    contract = read_contracts()["dms/stores"]
    name = "dms/stores/stores_20251031.csv"
    monkeypatch.setattr("dagster_project.sample.build_tables", dict)
    monkeypatch.setattr(
        "dagster_project.sample.plan_extracts", lambda _: iter([Extract(name, contract, [], Style("csv"))])
    )
    folder = tmp_path / "landing"
    for _ in range(2):
        assert cli.main(["sample", str(folder)]) == 0
    if not is_marked:
        (folder / SAMPLE_MARK).unlink()
    real = folder / (name.replace("1031", "1130") if is_marked else name)
    real.write_text("real")
    capsys.readouterr()
    assert cli.main(["sample", str(folder)]) == 1
    assert f"holds {real.relative_to(folder)}, which is not of an earlier sample" in capsys.readouterr().err
    assert real.read_text() == "real"


def test_the_loader_ignores_the_mark_of_a_sample(tmp_path: Path) -> None:
    mark_sample(tmp_path)
    assert find_strays(tmp_path, read_contracts()) == []


@pytest.fixture(scope="module")
def tables():
    return build_tables()


@pytest.fixture(scope="module")
def main(tables):
    return {name: [row for row in rows if row.get("store_code") == MAIN_STORE] for name, rows in tables.items()}


@pytest.fixture(scope="module")
def orders(main):
    return [row for row in main["dms/repair_orders"] if row["status"] != "void"]


@pytest.fixture(scope="module")
def landing(tmp_path_factory, tables):
    folder = tmp_path_factory.mktemp("landing")
    return folder, write_all(folder, plan_extracts(tables), None)


def printed(value, places="0.1"):
    return float(Decimal(str(value)).quantize(Decimal(places), ROUND_HALF_UP))


def in_month(rows, column, month):
    return [row for row in rows if (row[column].year, row[column].month) == (month.year, month.month)]


def test_the_sample_has_the_same_bytes_every_time(landing, sample_run):
    folder, paths = landing

    def digests(root: Path):
        files = (path for path in root.rglob("*") if path.is_file() and path.name != SAMPLE_MARK)
        return {str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    assert digests(folder) == digests(sample_run.landing)
    assert sum(path.stat().st_size for path in paths) < 25_000_000
    assert {path.parent.relative_to(folder).as_posix() for path in paths} == set(read_contracts())


@pytest.mark.parametrize(
    ("month", "size", "items", "mot", "css"),
    [
        (CSS_PREVIOUS_MONTH, 93, (99.4, 100.6, 100.2, 103.2, 103.2, 98.1, 100.6, 100.2, 99.8, 89.9), 99.2, 103.5),
        (CSS_MONTH, 114, (98.9, 103.2, 101.8, 102.5, 102.5, 95.8, 103.2, 103.5, 100.0, 92.3), 99.6, 98.5),
    ],
)
def test_css(main, month, size, items, *, mot, css):
    scores = defaultdict(list)
    for row in main["survey/css_responses"]:
        if row["period"] == f"{month:%Y-%m}":
            scores[row["item_code"]].append(row["score"])
    means = {item: Decimal(sum(values)) / len(values) for item, values in scores.items()}
    assert {len(values) for values in scores.values()} == {size}
    assert tuple(printed(means[item]) for item in MOT_WEIGHTS) == items
    assert printed(sum(weight * means[item] for item, weight in MOT_WEIGHTS.items()) / 100) == mot
    assert printed(means["overall"]) == css


def test_benchmarks(tables):
    rows = {(r["period"], r["scope"], r["scope_code"], r["item_code"]): r for r in tables["survey/css_benchmarks"]}
    region, nation = rows["2025-10", "region", "01", "MOT"], rows["2025-10", "national", "CN", "MOT"]
    assert (region["sample_size"], region["score"], nation["sample_size"], nation["score"]) == (5257, 96.6, 21689, 95.1)
    answers = defaultdict(list)
    for row in tables["survey/css_responses"]:
        answers[row["period"], row["store_code"], row["item_code"].replace("overall", "CSS")].append(row["score"])
    for period, scope, code, item in rows:
        score = rows[period, scope, code, item]["score"]
        if item == "MOT":
            weighted = sum(w * rows[period, scope, code, i]["score"] for i, w in MOT_WEIGHTS.items()) / 100
            assert abs(score - weighted) < 0.0499
        if scope == "store":
            items = MOT_WEIGHTS if item == "MOT" else {item: 100}
            means = {i: sum(answers[period, code, i]) / len(answers[period, code, i]) for i in items}
            assert abs(score - sum(weight * means[i] for i, weight in items.items()) / 100) < 0.099


def test_mystery(main):
    sums = defaultdict(lambda: [0.0, 0])
    for row in in_month(main["survey/mystery_visits"], "visited_on", MYSTERY_MONTH):
        sums[row["section_code"]][0] += row["points"]
        sums[row["section_code"]][1] += row["max_points"]
    scores = {section: points / top * 100 for section, (points, top) in sums.items()}
    assert [printed(score, "0.01") for score in scores.values()] == [37.5, 66.67, 100, 37.5, 100]
    weights = {"reception": 30, "work_order": 25, "waiting": 10, "handover": 30, "facilities": 5}
    assert printed(sum(weights[section] * score for section, score in scores.items()) / 100, "0.01") == 54.17


def test_callbacks(main):
    calls = in_month(main["survey/callbacks"], "called_at", CALLBACK_MONTH)
    outcomes = Counter(call["outcome"] for call in calls)
    completed = {call["callback_no"] for call in calls if call["outcome"] == "completed"}
    answers = [r for r in main["survey/callback_answers"] if r["question_code"] == "Q1"]
    scores = [row["score"] for row in answers if row["callback_no"] in completed]
    assert (len(calls), len(completed), len(scores)) == (850, 700, 700)
    assert sum(outcomes[outcome] for outcome in UNREACHABLE) == 100
    assert (scores.count(5), sum(score <= 3 for score in scores)) == (150, 300)
    assert len(in_month(main["survey/callbacks"], "called_at", date(2025, 3, 1))) == 800


def test_complaints(main):
    weeks = Counter()
    for case in in_month(main["complaint/cases"], "received_at", COMPLAINT_MONTH):
        if case["case_type"] != "enquiry":
            weeks[case["category"], min((case["received_at"].day - 1) // 7, 3)] += 1
    assert {category: tuple(weeks[category, week] for week in range(4)) for category, _ in weeks} == {
        "quality": (67, 37, 56, 50), "other": (41, 22, 28, 45), "time": (29, 37, 30, 9), "cost": (30, 27, 30, 18),
        "parts": (17, 6, 5, 9), "attitude": (1, 4, 8, 6), "vehicle": (5, 0, 1, 0), "claim": (3, 0, 0, 0),
    }  # fmt: skip


def comebacks(tables):
    """(store, order, technician) of repairs whose fault is back within 30 days and 1000 km."""
    lines, visits, found = defaultdict(list), defaultdict(list), set()
    for line in tables["dms/repair_order_lines"]:
        lines[line["store_code"], line["repair_order_no"]].append(line)
    for row in tables["dms/repair_orders"]:
        if row["status"] != "void":
            visits[row["vin"]].append(row)
    for rows in visits.values():
        for row in rows:
            for later in rows:
                start, end = row["delivered_at"], later["checked_in_at"]
                if not start or not start < end <= start + timedelta(days=30):
                    continue
                if row["odometer_km"] and later["odometer_km"] and later["odometer_km"] - row["odometer_km"] > 1000:
                    continue
                again = {line["concern"] for line in lines[later["store_code"], later["repair_order_no"]]} - {None}
                key = row["store_code"], row["repair_order_no"]
                found |= {(*key, line["technician_no"]) for line in lines[key] if line["concern"] in again}
    return found


def test_first_fix(tables, main, orders):
    months = {row["repair_order_no"] for row in in_month(orders, "checked_in_at", FIRST_FIX_MONTH)}
    redone = {row["original_repair_order_no"] for row in orders}
    inferred = {(order, technician) for store, order, technician in comebacks(tables) if store == MAIN_STORE}
    repairs, failed = defaultdict(set), defaultdict(set)
    for line in main["dms/repair_order_lines"]:
        order, technician = line["repair_order_no"], line["technician_no"]
        if order in months:
            repairs[technician].add(order)
            if line["fixed_first_visit"] is False or order in redone or (order, technician) in inferred:
                failed[technician].add(order)
    assert [len(repairs[t]) for t in sorted(repairs)] == [214, 220, 256, 248, 222, 153, 237, 226]
    assert [len(failed[t]) for t in sorted(repairs)] == [1, 5, 6, 4, 1, 4, 3, 7]
    reasons = {r["not_fixed_reason"] for r in main["dms/repair_order_lines"] if r["repair_order_no"] in months}
    assert len(reasons - {None}) == 5
    month_end = last_day(month_of(FIRST_FIX_MONTH))
    assert month_end + timedelta(days=30) <= SAMPLE_AS_OF


def test_comebacks_are_planted_and_not_accidental(tables):
    """About one comeback in a hundred visits: no accidental ones."""
    assert 100 < len(comebacks(tables)) < 0.02 * len(tables["dms/repair_orders"])


def test_customer_files(main, orders):
    on_file, active = [], []
    for month in range(FILES_YEAR * 12, FILES_YEAR * 12 + 9):
        on_file.append(sum(row["registered_on"] <= last_day(month) for row in main["dms/customers"]))
        window = range(month - 11, month + 1)
        active.append(len({r["customer_no"] for r in orders if month_of(r["checked_in_at"]) in window}))
    assert on_file == [6800, 6950, 7123, 7349, 7698, 7889, 7981, 8098, 8254]
    assert active == [4100, 3950, 4267, 4356, 4463, 4655, 4777, 4987, 5321]


def test_churn(main, orders):
    month, last, later = month_of(CHURN_MONTH), {}, defaultdict(list)
    for row in orders:
        later[row["vin"]].append(row["checked_in_at"])
        if month_of(row["checked_in_at"]) == month:
            last[row["vin"]] = row
    lost = {}
    for vin, row in last.items():
        end = add_months(row["checked_in_at"], 6)
        if not any(row["checked_in_at"] < at < end for at in later[vin]):
            lost[vin] = row
    types = {row["customer_no"]: row["customer_type"] for row in main["dms/customers"]}
    assert len(last) == 1008
    assert Counter(types[row["customer_no"]] for row in lost.values()) == {"private": 206, "corporate": 70}
    calls = [r for r in main["survey/churn_callbacks"] if r["cohort_month"] == f"{CHURN_MONTH:%Y-%m}"]
    assert {call["vin"] for call in calls} == {v for v, r in lost.items() if types[r["customer_no"]] == "private"}
    assert all(call["called_at"] >= add_months(lost[call["vin"]]["checked_in_at"], 6) for call in calls)
    assert Counter(call["outcome"] for call in calls) == {
        "completed": 147, "powered_off": 3, "rejected": 6, "suspended": 4, "unreachable": 14, "no_answer": 18,
        "single_visit": 14,
    }  # fmt: skip
    assert Counter(call["reason"] for call in calls if call["reason"]) == {
        "due_soon": 27, "mileage_not_reached": 28, "serviced_elsewhere": 34, "too_far": 11, "road_works": 36,
        "used_by_others": 11,
    }  # fmt: skip
    month_end = datetime.combine(last_day(month), datetime.min.time())
    assert add_months(month_end, 6).date() <= SAMPLE_AS_OF


def test_keys_references_and_enumerations(tables):
    contracts = read_contracts()
    known = {}
    for name, contract in contracts.items():
        keys = [tuple(row[column] for column in contract.key) for row in tables[name]]
        assert len(keys) == len(set(keys)), name
        known |= {f"{name.split('/')[1]}.{contract.key[-1]}": {(k[0], k[-1]) for k in keys}}
    for name, contract in contracts.items():
        for column in contract.columns:
            values = {(row.get("store_code"), row.get(column.name)) for row in tables[name]}
            assert not column.required or None not in {value for _, value in values}, (name, column.name)
            present = {(store, value) for store, value in values if value is not None}
            assert not column.enum or {v for _, v in present} <= set(column.enum), (name, column.name)
            if column.reference in known and column.reference != "stores.store_code":
                assert present <= known[column.reference], (name, column.name)


def test_rules_of_people_and_vehicles(tables):
    assert all(row["vin"][8] == check_digit(row["vin"]) and len(row["vin"]) == 17 for row in tables["dms/vehicles"])
    assert all(len(r["phone"]) == 11 and r["phone"].startswith("19900") for r in tables["dms/customers"])
    since = {(row["store_code"], row["customer_no"]): row["registered_on"] for row in tables["dms/customers"]}
    sold = {row["vin"]: row["sold_on"] for row in tables["dms/vehicles"]}
    odometer = defaultdict(int)
    for row in tables["dms/repair_orders"]:
        if row["odometer_km"] is not None:
            assert row["odometer_km"] >= odometer[row["vin"]]
            odometer[row["vin"]] = row["odometer_km"]
        day = row["checked_in_at"].date()
        assert max(since[row["store_code"], row["customer_no"]], sold[row["vin"]]) <= day <= SAMPLE_AS_OF


def test_rules_of_repair_orders(tables):
    sums = defaultdict(lambda: [0, 0])
    for line in tables["dms/repair_order_lines"]:
        total = sums[line["store_code"], line["repair_order_no"]]
        total[0] += round((line["labour_amount"] or 0) * 100)
        total[1] += round((line["parts_amount"] or 0) * 100)
    kept = {(r["store_code"], r["repair_order_no"]): r for r in tables["dms/appointments"] if r["status"] == "kept"}
    for row in tables["dms/repair_orders"]:
        key = row["store_code"], row["repair_order_no"]
        labour, parts, total = (round((row[f"{n}_amount"] or 0) * 100) for n in ("labour", "parts", "total"))
        assert sums[key] == [labour, parts]
        assert labour + parts == total
        steps = [row[n] for n in ("checked_in_at", "order_signed_at", "completed_at", "settled_at", "delivered_at")]
        known = [step for step in steps if step]
        assert known == sorted(known)
        assert (row["status"] == "delivered") == (row["delivered_at"] is not None)
        assert row["appointment_no"] == kept.get(key, {}).get("appointment_no")
    delivered = {(r["store_code"], r["repair_order_no"]): r for r in tables["dms/repair_orders"]}
    for call in tables["survey/callbacks"]:
        order = delivered[call["store_code"], call["repair_order_no"]]
        assert order["delivered_at"] <= call["called_at"]
        assert order["customer_no"] == call["customer_no"]
    seen = {(r["store_code"], month_of(r["checked_in_at"])) for r in tables["dms/repair_orders"]}
    assert seen <= {(call["store_code"], month_of(call["called_at"])) for call in tables["survey/callbacks"]}


def test_rules_of_cases(tables):
    events = defaultdict(list)
    for event in tables["complaint/case_events"]:
        events[event["store_code"], event["case_no"]].append(event)
    kinds = Counter()
    for case in tables["complaint/cases"]:
        rows = events[case["store_code"], case["case_no"]]
        moments = [case["received_at"], *(row["event_at"] for row in rows)]
        assert moments == sorted(moments)
        kinds.update({row["event_type"] for row in rows})
    assert set(kinds) == set(read_contracts()["complaint/case_events"].column("event_type").enum)


def test_planted_rows_are_where_they_are_said_to_be(landing):
    folder, _ = landing
    assert (folder / QUARANTINED).exists()
    assert len({planted.reason for planted in PLANTED}) >= 8
    for planted in PLANTED:
        assert (folder / planted.file).exists(), planted
        if planted.file.endswith(".csv"):
            data = (folder / planted.file).read_bytes()
            encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
            try:
                lines = data.decode(encoding).splitlines()
            except UnicodeDecodeError:
                lines = data.decode("gb18030").splitlines()
            assert planted.value in lines[planted.line - 1]
