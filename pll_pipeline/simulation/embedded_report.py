"""A Power BI report embedded in a page, with an access token in the page's source that expires.

Not here: the report itself (`powerbi_report.py`), other pages (`publications.py`).
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from uuid import UUID, uuid5

from pll_pipeline.simulation.exchange import Request, Response
from pll_pipeline.simulation.powerbi_report import Report

_PAGE = """<!doctype html><html lang=nb><head><meta charset=utf-8><title>Statistikk</title></head>
<body><h1>Statistikk for innføringen</h1><p>Simulerte tall. Ingen har publisert dem.</p>
<div id="embedContainer"></div><script>
var accessToken = "{token}";
var embedUrl = "{address}";
var embedReportId = "{report}";
</script></body></html>"""
_EXPIRED = Response(b"", status=403, headers={"X-PowerBI-Error-Info": "TokenExpired"})


class EmbeddedReport:
    """The page at any path, and what it asks below `/explore/`, as a `Publication`.

    Each load of the page has a token of its own, which is accepted for so many requests.
    """

    def __init__(self, report: Report, *, requests_per_token: int = 1_000) -> None:
        self._report, self.requests_per_token = report, requests_per_token
        self.report_id = str(uuid5(report.key, "embedded"))
        self.tokens: dict[str, int] = {}

    def __call__(self, request: Request) -> Response:
        """The page, or the report's answer to a request with a token that has not expired."""
        parts = request.path.strip("/").split("/")
        return self._explored(request, parts) if parts[0] == "explore" else self._page(request)

    def _page(self, request: Request) -> Response:
        token = self._new_token()
        base = f"http://{request.headers.get('host', '')}"
        config = json.dumps({"clusterUrl": base}).encode()
        address = (
            f"{base}/reportEmbed?reportId={self.report_id}"
            f"&amp;config={base64.b64encode(config).decode()}"
        )
        page = _PAGE.replace("{token}", token).replace("{address}", address)
        content = page.replace("{report}", self.report_id).encode()
        return Response(content, "text/html; charset=utf-8")

    def _new_token(self) -> str:
        """A token that no one had before; those before it expire as they would."""
        number = str(len(self.tokens))
        parts = (uuid5(self._report.key, number + end).hex for end in "abc")
        token = f"H4sI{''.join(parts)}"
        self.tokens[token] = self.requests_per_token
        return token

    def _explored(self, request: Request, parts: list[str]) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "EmbedToken" or token not in self.tokens:
            return Response(b"", status=401)
        if self.tokens[token] <= 0:
            return _EXPIRED
        self.tokens[token] -= 1
        return self._report(replace(request, path=self._public(parts), headers=self._key()))

    def _public(self, parts: list[str]) -> str:
        """The path of the same question to the report published to the web."""
        match parts[1:]:
            case ["reports", report_id, what] if report_id == self.report_id:
                return f"/public/reports/{self._report.key}/{what}"
            case ["conceptualschema" | "querydata" as what]:
                return f"/public/reports/{what}"
        return "/"

    def _key(self) -> dict[str, str]:
        key: UUID = self._report.key
        return {"x-powerbi-resourcekey": str(key)}
