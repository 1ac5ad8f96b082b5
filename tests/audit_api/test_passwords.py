"""Changing a password of one's own (A89)."""

from tests.audit_api.school import School, console_password, fields_of, problem_of, proxy_password

NEW = "nine-quiet-rivers"


def change(school: School, username: str, **body: str) -> int:
    return int(school.as_(username).post("/api/v1/password", json=body).status_code)


def test_a_new_password_signs_in_and_the_old_one_no_longer(school: School) -> None:
    assert change(school, "terry", old=console_password("terry"), new=NEW) == 204

    def signs_in(password: str) -> int:
        body = {"username": "terry", "password": password}
        return int(school.nobody().post("/api/v1/session", json=body).status_code)

    assert (signs_in(console_password("terry")), signs_in(NEW)) == (401, 200)


def test_the_change_signs_out_everywhere_else_but_not_here(school: School) -> None:
    here, elsewhere = school.as_("terry"), school.as_("terry")
    here.post("/api/v1/password", json={"old": console_password("terry"), "new": NEW})

    assert here.get("/api/v1/session").status_code == 200
    assert elsewhere.get("/api/v1/session").status_code == 401


def test_a_wrong_old_one_and_a_weak_new_one_are_named(school: School) -> None:
    def faults(**body: str) -> set[str]:
        answer = school.as_("terry").post("/api/v1/password", json=body)
        return set(fields_of(problem_of(answer, 422, "bad-input")))

    assert faults(old="wrong-wrong-wrong", new=NEW) == {"old"}
    assert faults(old=console_password("terry"), new="short") == {"new"}
    assert faults(old=console_password("terry"), new="") == {"new"}


def test_guessing_the_old_one_is_slowed(school: School) -> None:
    client = school.as_("terry")
    for _ in range(5):
        client.post("/api/v1/password", json={"old": "wrong-wrong-wrong", "new": NEW})

    answer = client.post("/api/v1/password", json={"old": console_password("terry"), "new": NEW})
    problem_of(answer, 429, "too-many-attempts")


def test_a_pupil_changes_a_browsing_password_without_a_console(school: School) -> None:
    body = {"username": "anna", "old": proxy_password("anna"), "new": "red-frogs-jump"}
    before = school.person("anna").password_hash

    assert school.nobody().post("/api/v1/browsing-password", json=body).status_code == 204
    assert school.person("anna").password_hash != before
    problem_of(school.nobody().post("/api/v1/browsing-password", json=body), 401, "wrong-credentials")


def test_a_console_password_changes_no_browsing_password_from_outside(school: School) -> None:
    body = {"username": "terry", "old": console_password("terry"), "new": NEW}

    problem_of(school.nobody().post("/api/v1/browsing-password", json=body), 401, "wrong-credentials")


def test_a_teacher_chooses_a_console_password_with_the_one_for_browsing(school: School) -> None:
    assert change(school, "tess", old=proxy_password("tess"), new=NEW) == 204
    body = {"username": "tess", "password": proxy_password("tess")}

    assert school.nobody().post("/api/v1/session", json=body).status_code == 401


def test_no_password_is_ever_repeated_in_an_answer(school: School) -> None:
    secret = "sesame-" * 200
    answers = [
        school.nobody().post("/api/v1/session", json={"username": "terry", "password": secret}),
        school.nobody().post("/api/v1/session", json={"username": "terry", "password": [secret]}),
        school.as_("terry").post("/api/v1/password", json={"old": secret, "new": secret, "which": secret}),
        school.nobody().post("/api/v1/enrolment", json={"code": "x", "password": secret}),
    ]

    assert not [answer.text for answer in answers if "sesame" in answer.text]
