"""A code, given on paper to one of the first two people, works once: to choose a password."""

from fastapi import APIRouter

from audit_api.answers import EnrolledOut
from audit_api.guard import GuardedRoute
from audit_api.shapes import EnrolmentIn
from audit_api.sign_in import in_hashing_thread
from audit_api.window import AtWindow
from change_control.enrolment import enrol

router = APIRouter(route_class=GuardedRoute, tags=["session"])


@router.post("/api/v1/enrolment", summary="Use an enrolment code")
async def enrol_with_code(body: EnrolmentIn, window: AtWindow) -> EnrolledOut:
    """Sets the console password. 404 for a code that is unknown or used, 422 for a weak password."""
    now = window.clock()
    person = await in_hashing_thread(window, lambda: enrol(window.desk, body.code, body.password, now))
    return EnrolledOut(username=person.username, name=person.name, role=person.role)
