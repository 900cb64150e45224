"""The envelope: errors that come as answers, answers in another form, several results."""

from __future__ import annotations

from typing import Any

import pytest

from pll_pipeline.validated.readers.powerbi import (
    MalformedAnswer,
    PowerBiError,
    QueryFailed,
    UnsupportedAnswer,
)
from tests.unit.validated.readers.powerbi.answers import (
    WHERE,
    failed,
    simple,
    table,
)

ODATA = {
    "code": "rsDataShapeProcessingError",
    "message": {"lang": "en-US", "value": "It failed\nbadly"},
    "azure:values": [
        {"timestamp": "x"},
        {"details": []},
        {
            "additionalMessages": [
                {"Code": "InvalidUnconstrainedJoin", "Severity": "Error", "Message": "No path"}
            ]
        },
    ],
}


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (
            failed(result={"data": {"dsr": {"DataShapes": [{"odata.error": ODATA}]}}}),
            "InvalidUnconstrainedJoin",
            False,
        ),
        (
            failed(
                result={
                    "data": {
                        "dsr": {"Version": 2, "DS": [{"odata.error": {"code": "ModelUnavailable"}}]}
                    }
                }
            ),
            "ModelUnavailable",
            True,
        ),
        (
            failed(
                result={
                    "error": {
                        "statusCode": 400,
                        "errorDetails": [{"code": "rsQueryTimeoutExceeded"}],
                    }
                }
            ),
            "rsQueryTimeoutExceeded",
            False,
        ),
        (
            failed(result={"data": {}}, error={"code": "rsErrorExecutingCommand"}),
            "rsErrorExecutingCommand",
            True,
        ),
        (failed(error={"code": "ErrorLoadingModel"}), "ErrorLoadingModel", True),
        ({"error": {"code": "BadRequest", "message": "no"}}, "BadRequest", False),
        (failed(result={"error": "out of order"}), "UnknownError", False),
        (
            simple("a", Msg=[{"Code": "Whatever", "Severity": "Error", "Message": "no"}]),
            "Whatever",
            False,
        ),
    ],
)
def test_an_error_inside_an_answer_carries_the_server_s_own_code(
    answer: dict[str, Any], code: str, retryable: bool
) -> None:
    with pytest.raises(QueryFailed) as caught:
        table(answer)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    message = str(caught.value)
    assert code in message
    assert WHERE in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failed(result={"asyncResult": {"id": 1}}), UnsupportedAnswer),
        (
            failed(
                result={
                    "data": {
                        "descriptor": {},
                        "dsr": {"DataShapes": [{"Id": "DS0", "IsComplete": True}]},
                    }
                }
            ),
            UnsupportedAnswer,
        ),
        (
            failed(result={"data": {"descriptor": {}, "dsr": {"Version": 3, "DS": []}}}),
            UnsupportedAnswer,
        ),
        (failed(result={"data": {"dsr": {"Version": 2, "DS": []}}}), MalformedAnswer),
        (failed(result={}), MalformedAnswer),
        (failed(), MalformedAnswer),
        ({"results": []}, UnsupportedAnswer),
        ({"results": [{}, {}]}, UnsupportedAnswer),
        ({}, MalformedAnswer),
        (simple("a") | {"jobIds": ["another"]}, MalformedAnswer),
    ],
)
def test_an_answer_in_another_form_is_refused(
    answer: dict[str, Any], error: type[PowerBiError]
) -> None:
    with pytest.raises(error):
        table(answer)
