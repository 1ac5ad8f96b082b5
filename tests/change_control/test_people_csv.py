"""The sheet of people: read whole, or refused with every line that cannot be."""

import pytest

from change_control.people_csv import read_people
from tests.change_control.school import refused

HEADER = "username,name,role,filter_groups"


def test_lists_are_parted_by_semicolons_and_empty_cells_say_nothing() -> None:
    sheet = read_people(f"{HEADER},classes,password,agreement_signed,ends_at\nzoe,Zoe,pupil, a ; b;,,,,\n")

    assert sheet.rows == (
        {
            "username": "zoe",
            "name": "Zoe",
            "role": "pupil",
            "filter_groups": ["a", "b"],
            "classes": [],
            "ends_at": None,
        },
    )
    assert sheet.labels == ("line 2",)


def test_a_byte_order_mark_blank_lines_and_quotes_are_understood() -> None:
    sheet = read_people(f'\ufeff{HEADER},agreement_signed\r\n\r\nzoe,"Zimmer, Zoe",guest,guests,Yes\r\n')

    assert sheet.rows[0]["name"] == "Zimmer, Zoe"
    assert sheet.rows[0]["agreement_signed"] is True


def test_blanks_in_a_password_are_part_of_it() -> None:
    assert (
        read_people(f"{HEADER},password\nzoe,Zoe,pupil,a, two words \n").rows[0]["password"] == " two words "
    )


def test_for_a_lost_telephone_or_password_a_username_and_yes_are_enough() -> None:
    sheet = read_people("username,clear_second_factor,new_code\ncora,yes,no\ntess,,Yes\n")

    assert sheet.rows == (
        {"username": "cora", "clear_second_factor": True, "new_code": False},
        {"username": "tess", "new_code": True},
    )


def test_a_lost_telephone_can_stand_in_the_whole_sheet_too() -> None:
    sheet = read_people(f"{HEADER},clear_second_factor\ncora,Cora,coordinator,staff,yes\n")

    assert sheet.rows[0]["clear_second_factor"] is True
    assert sheet.rows[0]["name"] == "Cora"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "line 1"),
        ("username,name,role\nzoe,Zoe,pupil\n", "line 1"),
        (f"{HEADER},colour\n", "line 1"),
        (f"{HEADER},name\n", "line 1"),
        (f"{HEADER}\nzoe,Zoe,pupil\n", "line 2"),
        (f"{HEADER}\nzoe,Zoe,pupil,a,b\n", "line 2"),
        (f"{HEADER}\nzoe,Zoe,pupil,a\nyann,\"Yann,pupil,a\n", "line 3"),
        (f"{HEADER},agreement_signed\nzoe,Zoe,pupil,a,perhaps\n", "line 2.agreement_signed"),
        ("username,clear_second_factor\ncora,true\n", "line 2.clear_second_factor"),
        ("clear_second_factor\nyes\n", "line 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_by_line(text: str, field: str) -> None:
    assert set(refused("bad-input", lambda: read_people(text)).fields) == {field}
