"""Every error that the server raises on purpose.

ServerError
├── StartError            the server cannot run with these settings; one sentence, exit status 2
├── EmailTaken            a user has this email address already
└── RequestError          the request cannot be answered as it is; becomes a JSON answer
    ├── BadBody           the body is not what it says it is                     (400)
    ├── NothingStored     no record of a batch is good                           (400)
    ├── BadTrial          neither a trial nor a real sync                        (400)
    ├── BadQuery          a value in the address is not what it has to be        (400)
    ├── NotSignedIn       no token, or one that is not known                     (401)
    ├── WrongPassword     no user has this email address and password              (401)
    ├── WrongCode         a pairing code that is not known, or not any more      (400)
    ├── Forbidden         not for this caller to do                              (403)
    ├── NotFound          what the address names is not there for this caller    (404)
    ├── Conflict          not possible as things are                             (409)
    ├── ClientGone        the client went away before its request was whole      (400, unread)
    ├── BodyTimeout       the body stopped arriving                              (408)
    ├── TooLarge          too many bytes or too many records                     (413)
    ├── UnknownEncoding   a Content-Type or Content-Encoding not understood      (415)
    ├── RateLimited       too many requests within a time                        (429)
    └── ServerFault       the server's own, where the framework has no answer    (500)
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class ServerError(Exception):
    """The root of the tree."""


class StartError(ServerError):
    """The message is the sentence for the person who starts the server."""


class EmailTaken(ServerError):
    """There is a user with this email address."""


class RequestError(ServerError):
    """The message is the sentence for the person whose client made the request.

    Attributes:
        status: the HTTP status.
        error_code: a word for programs.
        headers: further headers of the answer.
        details: more of its body.
    """

    status = 400
    error_code = "BAD_REQUEST"
    headers: Mapping[str, str] = MappingProxyType({})
    details: Mapping[str, Any] = MappingProxyType({})


class BadBody(RequestError):
    error_code = "BAD_BODY"


class NothingStored(RequestError):
    error_code = "VALIDATION_FAILED"

    def __init__(self, outcome: Mapping[str, Any]) -> None:
        super().__init__("Validation failed for one or more records")
        self.details = {"errors": [], "data": outcome}


class BadTrial(RequestError):
    error_code = "BAD_TRIAL"


class BadQuery(RequestError):
    error_code = "BAD_QUERY"


class NotSignedIn(RequestError):
    status = 401
    error_code = "UNAUTHORIZED"
    headers = MappingProxyType({"www-authenticate": "Bearer"})

    def __init__(self) -> None:
        super().__init__("You need to sign in or sign up before continuing.")


class WrongPassword(RequestError):
    status = 401
    error_code = "WRONG_PASSWORD"
    headers = MappingProxyType({"www-authenticate": "Bearer"})

    def __init__(self) -> None:
        super().__init__("The email address or the password is wrong; try again.")


class WrongCode(RequestError):
    error_code = "WRONG_CODE"

    def __init__(self) -> None:
        super().__init__(
            "This pairing code is mistyped, used, or older than ten minutes; make a new one."
        )


class Forbidden(RequestError):
    status = 403
    error_code = "FORBIDDEN"


class NotFound(RequestError):
    status = 404
    error_code = "NOT_FOUND"


class Conflict(RequestError):
    status = 409
    error_code = "CONFLICT"


class ClientGone(RequestError):
    error_code = "CLIENT_GONE"

    def __init__(self) -> None:
        super().__init__("The client went away before its request was whole.")


class BodyTimeout(RequestError):
    status = 408
    error_code = "BODY_TIMEOUT"


class TooLarge(RequestError):
    status = 413
    error_code = "TOO_LARGE"


class UnknownEncoding(RequestError):
    status = 415
    error_code = "UNSUPPORTED_MEDIA_TYPE"


class RateLimited(RequestError):
    status = 429
    error_code = "RATE_LIMIT_EXCEEDED"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("Rate limit exceeded. Please slow down.")
        self.headers = {"retry-after": str(retry_after_s)}
        self.details = {"retry_after": retry_after_s}


class ServerFault(RequestError):
    status = 500
    error_code = "INTERNAL_SERVER_ERROR"

    def __init__(self) -> None:
        super().__init__("The server failed to answer.")
