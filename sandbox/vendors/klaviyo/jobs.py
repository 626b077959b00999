"""Jobs: carried out at once, shown as done a little later, with a separate list of errors."""

from collections.abc import Mapping
from typing import Any

from sandbox.server.queries import Order, Where
from sandbox.server.records import Record, decode
from sandbox.server.store import Store
from sandbox.vendors.klaviyo import profiles
from sandbox.vendors.klaviyo.errors import KlaviyoError, not_found

_MOST_IMPORTED, _MOST_UNSUBSCRIBED, _MOST_SUBSCRIBED = 10_000, 100, 1_000
_LARGEST_BODY = 5_000_000


class Jobs:
    """The jobs of one account; a job is shown as done after `polls` requests of its state."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.polls = 1
        self.row_faults: Mapping[str, Any] | None = None

    def import_profiles(self, body: dict[str, Any], size: int) -> Record:
        """Import up to ten thousand profiles; each is accepted or refused by itself."""
        if size > _LARGEST_BODY:
            raise KlaviyoError("invalid", "The payload is larger than 5MB.", status=413)
        listed = _profiles_of(body, _MOST_IMPORTED)
        errors = []
        with self._store.transaction():
            for place, profile in enumerate(listed):
                try:
                    with self._store.savepoint():
                        self._import_one(place, profile)
                except KlaviyoError as refused:
                    errors.append(_import_error(place, profile, refused))
        number = int(self._store.noted("sequence", "jobs") or 0) + 1
        self._store.note("sequence", "jobs", number)
        job = {"id": f"job-{number}", "total": len(listed), "errors": errors, "asked": 0}
        self._store.note("job", str(job["id"]), job)
        return self._shown(job)

    def _import_one(self, place: int, profile: dict[str, Any]) -> None:
        if self.row_faults is not None and place in self.row_faults.get("rows", [0]):
            raise KlaviyoError("invalid", str(self.row_faults.get("message", "This profile cannot be taken now.")))
        attributes = _without_nulls(profile.get("attributes") or {})
        record = profiles.find(self._store, profile)
        if record is None:
            profiles.create(self._store, attributes, operation="import:profiles")
        else:
            profiles.update(self._store, record, attributes, operation="import:profiles")

    def look_at(self, job_id: str) -> Record:
        """The state of a job; each request of it brings the job nearer to its end."""
        job = self._job(job_id)
        self._store.note("job", job_id, {**job, "asked": job["asked"] + 1})
        return self._shown(job)

    def errors_of(self, job_id: str) -> list[dict[str, Any]]:
        """The errors of the records that were refused."""
        return list(self._job(job_id)["errors"])

    def _job(self, job_id: str) -> dict[str, Any]:
        job = self._store.noted("job", job_id)
        if job is None:
            raise not_found("profile-bulk-import-job", job_id)
        return dict(job)

    def _shown(self, job: dict[str, Any]) -> Record:
        is_done, failed = job["asked"] >= self.polls, len(job["errors"])
        status = "complete" if is_done else ("processing" if job["asked"] else "queued")
        counts = {
            "completed_count": job["total"] - failed if is_done else 0,
            "failed_count": failed if is_done else 0,
        }
        now = profiles.now(self._store)
        about = {"status": status, "created_at": now, "total_count": job["total"], **counts}
        links = {"self": f"https://a.klaviyo.com/api/profile-bulk-import-jobs/{job['id']}/"}
        return {"type": "profile-bulk-import-job", "id": job["id"], "attributes": about, "links": links}

    def unsubscribe(self, body: dict[str, Any]) -> None:
        """Unsubscribe from everything; with a list from that list, and from everything those who are not on it."""
        listed = _profiles_of(body, _MOST_UNSUBSCRIBED)
        on_list = body["data"].get("relationships", {}).get("list", {}).get("data", {}).get("id")
        with self._store.transaction():
            named = [record for profile in listed if (record := profiles.find(self._store, profile))]
            if on_list is None:
                for record in named:
                    self._opt_out(record)
            else:
                self._leave_list(str(on_list), {record["id"] for record in named})

    def _leave_list(self, name: str, leaving: set[str]) -> None:
        for record in self._all():
            lists = record["attributes"].get("lists") or []
            if name not in lists:
                self._opt_out(record)
            elif record["id"] in leaving:
                rest = [item for item in lists if item != name]
                left = {**record, "attributes": {**record["attributes"], "lists": rest}}
                self._store.put("profiles", left, operation="unsubscribe:profiles")

    def _opt_out(self, record: Record) -> None:
        profiles.set_consent(self._store, record, profiles.OPTED_OUT, operation="unsubscribe:profiles")

    def _all(self) -> list[Record]:
        rows = self._store.page("profiles", Where(), Order(), limit=1_000_000)
        return [decode(row[2]) for row in rows]

    def subscribe(self, body: dict[str, Any]) -> None:
        """Give consent in the customer's name, and end the suppression that an opt-out caused."""
        with self._store.transaction():
            for profile in _profiles_of(body, _MOST_SUBSCRIBED):
                wanted = {key: value for key, value in profile["attributes"].items() if key != "subscriptions"}
                record = profiles.find(self._store, {**profile, "attributes": wanted})
                if record is None:
                    record = profiles.create(self._store, wanted, operation="subscribe:profiles")
                profiles.set_consent(self._store, record, "SUBSCRIBED", operation="subscribe:profiles")


def _without_nulls(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What an import takes: it leaves out what is null, and says nothing of it."""
    return {
        name: _without_nulls(value) if isinstance(value, dict) else value
        for name, value in attributes.items()
        if value is not None
    }


def _profiles_of(body: dict[str, Any], most: int) -> list[dict[str, Any]]:
    try:
        listed = list(body["data"]["attributes"]["profiles"]["data"])
    except (KeyError, TypeError) as wrong:
        raise KlaviyoError("invalid", "Profiles are needed.", pointer="/data/attributes/profiles") from wrong
    if not 1 <= len(listed) <= most:
        detail = f"Between 1 and {most} profiles may be given, not {len(listed)}."
        raise KlaviyoError("invalid", detail, pointer="/data/attributes/profiles/data")
    return listed


def _import_error(place: int, profile: dict[str, Any], refused: KlaviyoError) -> dict[str, Any]:
    inner = refused.source.get("pointer", "/data").removeprefix("/data")
    about = {
        "code": refused.code,
        "title": refused.title,
        "detail": refused.detail,
        "source": {"pointer": f"/data/attributes/profiles/data/{place}{inner}"},
        "original_payload": profile,
    }
    return {"type": "import-error", "id": f"error-{place}", "attributes": about}
