"""What goes in and out of the API. Unknown words are refused: a slip of the pen makes no wider rule."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from audit_api.texts import storable
from audit_api.times import EARLIEST, LATEST, with_zone, within
from audit_log.people import Which

Reason = Annotated[str, Field(min_length=1, max_length=2000, description="Why. Kept in the change log.")]
Secret = Annotated[
    str, Field(min_length=1, max_length=1000, repr=False, json_schema_extra={"format": "password"})
]
Instant = Annotated[str, Field(description="ISO 8601, UTC", examples=["2026-11-24T10:00:00Z"])]


def _in_bounds(text: str) -> str:
    """What is no time at all is named further in, with the other faults."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    try:
        within(with_zone(at, ZoneInfo("UTC")))
    except ValueError:
        says = f"between the years {EARLIEST.year} and {LATEST.year}"
        raise PydanticCustomError("out_of_bounds", says) from None
    return text


InBounds = AfterValidator(_in_bounds)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _texts_can_be_stored(cls, value: object) -> object:
        return storable(value)


class Paging(_In):
    limit: Annotated[int, Field(ge=1, le=1000, description="How many rows at most")] = 50
    cursor: Annotated[str | None, Field(max_length=200, description="`next` of the page before")] = None


class Credentials(_In):
    username: Annotated[str, Field(min_length=1, max_length=200)]
    password: Secret
    code: Annotated[
        str | None,
        Field(max_length=20, repr=False, description="Six digits, where there is a second factor"),
    ] = None


class FactorCodeIn(_In):
    code: Annotated[str, Field(min_length=1, max_length=20, repr=False)]


class FactorIn(FactorCodeIn):
    password: Secret
    begun: Annotated[str, Field(min_length=1, max_length=500, repr=False, description="as `begin` gave it")]


class TokenIn(_In):
    """Less than one may oneself, for a program."""

    name: Annotated[str, Field(min_length=1, max_length=60, description="What it is for")]
    scopes: Annotated[list[str], Field(max_length=20)]
    days: Annotated[int, Field(description="1 to 365", json_schema_extra={"minimum": 1, "maximum": 365})]
    addresses: Annotated[
        list[str], Field(max_length=10, description="networks it may be used from; none: from anywhere")
    ] = []
    password: Annotated[str, Field(max_length=200, repr=False, description="yours, once more")] = ""
    code: Annotated[
        str | None, Field(max_length=20, repr=False, description="Six digits, where you have a second factor")
    ] = None


class EnrolmentIn(_In):
    code: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    password: Secret


class PasswordIn(_In):
    which: Which = "console"
    old: Secret
    new: Secret


class BrowsingPasswordIn(_In):
    username: Annotated[str, Field(min_length=1, max_length=200)]
    old: Secret
    new: Secret


class Why(_In):
    reason: Reason


class Remark(_In):
    reason: Annotated[str, Field(max_length=2000, description="May be left out.")] = ""


NO_REMARK = Remark()


class Approval(Remark):
    preview: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9a-f]{64}$",
            description="sha256 of the preview that was read; 409 if not the newest",
        ),
    ] = None


NO_MORE = Approval()


class PreviewIn(_In):
    days: Annotated[int, Field(description="1 to 365", json_schema_extra={"minimum": 1, "maximum": 365})] = 30


class ForWhom(_In):
    classes: list[str] = []
    filter_groups: list[str] = []
    people: Annotated[list[str], Field(description="usernames")] = []


class OpeningIn(_In):
    """Opens what the policy gives `with_staff_permission`, for one class and one lesson at most."""

    class_: Annotated[str, Field(alias="class", min_length=1, max_length=64)]
    minutes: Annotated[int, Field(ge=1, le=60)]
    reason: Reason


class PolicyProposalIn(_In):
    text: Annotated[str, Field(min_length=1, description="The whole policy.yaml")]
    reason: Reason


class ListUpdateIn(_In):
    lists: Annotated[
        list[str] | None, Field(max_length=1000, description="Their ids; null: every list that is fetched")
    ] = None


class ListsProposalIn(_In):
    """Without `held`: lists.yaml as it is on the server now."""

    reason: Reason
    held: Annotated[
        str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The id of a held update")
    ] = None


class RollbackIn(_In):
    generation: Annotated[
        str | None,
        Field(
            max_length=64, description="Or the beginning of its name; null: those before the ones in force"
        ),
    ] = None
    reason: Reason


class PersonRow(_In):
    """One person; what is left out stays as it is. Somebody new without a password gets a first one."""

    username: str
    name: str | None = None
    role: str | None = None
    filter_groups: list[str] | None = None
    classes: list[str] | None = None
    agreement_signed: bool | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    suspended: Annotated[bool | None, Field(description="false lifts a suspension")] = None
    new_code: Annotated[
        bool | None, Field(description="true: an approver or a governor chooses a console password anew")
    ] = None
    clear_second_factor: Annotated[
        bool | None, Field(description="true: the telephone is lost; they set up another second factor")
    ] = None
    password: Annotated[str | None, Field(repr=False, json_schema_extra={"format": "password"})] = None
    console_password: Annotated[str | None, Field(repr=False, json_schema_extra={"format": "password"})] = (
        None
    )


class PeopleProposalIn(_In):
    """Give `rows`, or `csv` with those names as its columns and `;` inside lists."""

    rows: Annotated[list[PersonRow] | None, Field(max_length=5000)] = None
    csv: Annotated[str | None, Field(repr=False)] = None
    reason: Reason


class SuspendIn(_In):
    reason: Reason
    until: Annotated[str | None, Field(description="ISO 8601; without it, until further notice")] = None
