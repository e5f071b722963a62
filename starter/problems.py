"""What goes wrong is told the same way everywhere: problem+json (RFC 9457), naming the field and the rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from domain.decision import Rejected

TITLES = {
    400: "The request is not well formed",
    401: "Who are you?",
    403: "Not yours to do",
    404: "Not found",
    405: "Not a way to ask this",
    409: "Refused as things stand",
    412: "Changed in the meantime",
    413: "Too large",
    415: "Not a kind of content that is taken here",
    422: "Refused by a rule",
    428: "Which version have you seen?",
    429: "Too many at once",
    500: "Our fault",
    503: "Not available right now",
}


class FieldError(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457, with our stable `code` and every field error at once."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()


class ProblemRaised(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, status: int, code: str, detail: str, *, errors: Sequence[FieldError] = (), retry_after: int | None = None
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(
            type=f"urn:teekond:problem:{code}",
            title=TITLES.get(status, "Problem"),
            status=status,
            code=code,
            detail=detail,
            errors=tuple(errors),
        )
        self.retry_after = retry_after

    def response(self) -> JSONResponse:
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.problem.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(
            self.problem.model_dump(),
            status_code=self.problem.status,
            media_type="application/problem+json",
            headers=headers,
        )


@contextmanager
def refusals() -> Iterator[None]:
    """What the domain refuses to answer, told like every problem."""
    try:
        yield
    except Rejected as refused:
        wrong = [] if refused.field is None else [FieldError(field=refused.field, message=refused.sentence())]
        raise ProblemRaised(refused.status, refused.code, refused.sentence(), errors=wrong) from refused


def malformed(field: str, message: str) -> ProblemRaised:
    wrong = FieldError(field=field, message=message)
    return ProblemRaised(400, "malformed", "The request is not well formed.", errors=[wrong])
