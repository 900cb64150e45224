"""How a report lets a client in: by the key of its public address, or by the token of a page.

Of the first the key is in the view address; of the second the token is in the source of the page
that embeds the report, is read from there each night, and again when it has expired. Neither is in
any text that is written. Not here: requests for data (`conversation.py`), what an address or a page
contains (`address.py`, `raw/embedded.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from pll_pipeline.errors import PllError
from pll_pipeline.raw.embedded import EmbeddedReport, embedded_reports
from pll_pipeline.raw.http.client import Answer, Client
from pll_pipeline.raw.powerbi.address import (
    api_of,
    checked_cluster,
    cluster_of,
    cluster_of_record,
    loopback_hosts,
    routing_address,
    token_of,
)
from pll_pipeline.sources.addresses import AddressKeys
from pll_pipeline.sources.model import PowerBiReport

COPY_ADDRESS = (
    "open the report in a browser; if it shows its figures there, copy its address again and give"
    " it to the source"
)
OPEN_PAGE = (
    "open the page in a browser: if it shows the report, its form has changed and the program must"
    " follow; else find the page that shows it now"
)
# What the page of Microsoft that shows an embedded report sends.
_ORIGIN = "https://app.powerbi.com"
_METADATA = "modelsAndExploration?preferReadOnlySession=true"
Recorded = Callable[[str, Answer], Answer]


class Access(ABC):
    """A way into one report.

    `paths` begin what is asked; `advice` is what a person may do. A refusal with one of
    `expired_statuses` may pass when the report is entered again.
    """

    paths: str
    advice: str
    expired_statuses: frozenset[int]
    has_token: bool

    def __init__(self, client: Client, settings: PowerBiReport, where: str) -> None:
        self._client, self._settings, self._where = client, settings, where
        self._hosts = list(settings.host_suffixes)
        if settings.allow_local:
            addresses = [settings.address, settings.embedded_on, settings.cluster]
            self._hosts += loopback_hosts(addresses)

    @property
    @abstractmethod
    def metadata_path(self) -> str:
        """Where the report describes itself, below `paths`."""

    @property
    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """The headers that let a request in."""

    @abstractmethod
    def enter(self, recorded: Recorded) -> str:
        """Where the report is asked; again after a refusal. Raises `PllError` where it is not."""

    @abstractmethod
    def without_key(self, content: bytes) -> bytes:
        """The content as it may be kept."""


class PublicAccess(Access):
    """A report published to the web: its view address contains the key."""

    paths = "/public/reports"
    advice = COPY_ADDRESS
    expired_statuses = frozenset({401})
    has_token = False

    def __init__(self, client: Client, settings: PowerBiReport, where: str) -> None:
        super().__init__(client, settings, where)
        self._view_address = settings.address or ""
        self._token = token_of(AddressKeys.of(self._view_address).put_into(self._view_address))

    @property
    def metadata_path(self) -> str:
        """Below the key."""
        return f"/{self._token.key}/{_METADATA}"

    @property
    def headers(self) -> Mapping[str, str]:
        """The key."""
        return {"X-PowerBI-ResourceKey": self._token.key}

    def enter(self, recorded: Recorded) -> str:
        """The API of the configured cluster, else of the one that the view page names."""
        cluster = self._settings.cluster or self._cluster_of_page(recorded)
        if not cluster:
            raise PllError(
                "The view page does not name the report's cluster",
                where=self._where,
                do="open the report in a browser: it may have been withdrawn; if it shows,"
                " give fetch.cluster in the source file",
            )
        return api_of(cluster, self._hosts, allow_local=self._settings.allow_local)

    def _cluster_of_page(self, recorded: Recorded) -> str | None:
        answer = recorded("the view page", self._client.get(self._view_address))
        page = answer.content.decode("utf-8", "replace")
        if cluster := cluster_of(page):
            return cluster
        routing = routing_address(
            page, self._token.tenant, self._hosts, allow_local=self._settings.allow_local
        )
        if routing is None:
            return None
        return cluster_of_record(recorded("the cluster", self._client.get(routing)).content)

    def without_key(self, content: bytes) -> bytes:
        """The content without the key, however an address writes it."""
        return self._token.struck_from(content)


class EmbeddedAccess(Access):
    """A report embedded in a page whose source has an access token for every reader."""

    paths = "/explore"
    advice = OPEN_PAGE
    expired_statuses = frozenset({401, 403})
    has_token = True

    def __init__(self, client: Client, settings: PowerBiReport, where: str) -> None:
        super().__init__(client, settings, where)
        self._page = settings.embedded_on or ""
        self._embedded: list[EmbeddedReport] = []

    @property
    def metadata_path(self) -> str:
        """Below the id of the report."""
        return f"/reports/{self._embedded[-1].report_id}/{_METADATA}"

    @property
    def headers(self) -> Mapping[str, str]:
        """The token, and the origin that the interface demands."""
        return {"Authorization": f"EmbedToken {self._embedded[-1].token}", "Origin": _ORIGIN}

    def enter(self, recorded: Recorded) -> str:
        """Open the page for a fresh token. The API is the cluster that its address names."""
        answer = self._client.get(self._page, headers={"Cache-Control": "no-cache"})
        embedded = self._chosen(embedded_reports(answer.content))
        self._embedded.append(embedded)
        recorded("the page", answer)
        cluster = self._settings.cluster or embedded.cluster
        if not cluster:
            raise PllError(
                "The page embeds the report without naming its cluster",
                where=self._page,
                do="look in the browser's network view for the host that answers /explore/, and"
                " give it as fetch.cluster in the source file",
            )
        return checked_cluster(cluster, self._hosts, allow_local=self._settings.allow_local)

    def _chosen(self, reports: list[EmbeddedReport]) -> EmbeddedReport:
        wanted = self._settings.report_id
        chosen = [each for each in reports if wanted in (None, each.report_id)]
        if len(chosen) == 1:
            return chosen[0]
        if not chosen:
            which = "that report" if reports else "a report with an access token"
            raise PllError(f"The page does not embed {which}", where=self._page, do=OPEN_PAGE)
        ids = ", ".join(each.report_id for each in chosen)
        raise PllError(
            f"The page embeds several reports: {ids}",
            where=self._page,
            do="name one as fetch.report_id in the source file",
        )

    def without_key(self, content: bytes) -> bytes:
        """The content without any of the tokens."""
        for embedded in self._embedded:
            content = embedded.struck_from(content)
        return content


def access_to(client: Client, settings: PowerBiReport, where: str) -> Access:
    """The way into the report of the settings. Raises `PllError` where they name none."""
    if settings.address is not None:
        return PublicAccess(client, settings, where)
    if settings.embedded_on is not None:
        return EmbeddedAccess(client, settings, where)
    raise PllError(
        f"{where} has no view address",
        do=f"run `pll sources enable {where} --address ADDRESS`",
    )
