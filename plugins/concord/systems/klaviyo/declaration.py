"""Klaviyo, the marketing tool: it owns consent, together with every other place where a customer may opt out.

API: https://developers.klaviyo.com/en/reference/api_overview

Know before you touch:
- Who opted out in one system is opted out in all. Concord only ever takes consent back: the writer cannot
  subscribe anybody, rejects any other value, and sends no consent with an import.
- Consent and suppression are independent: somebody subscribed may still be suppressed (bounces, complaints).
- A revision is a date in a header; one comes each quarter, is stable for a year and served for another.
- The filter on `updated` takes only later times and lags by some seconds, and an opt-out need not move `updated`:
  suppressed profiles are also asked for by the time of their suppression. Deleted and merged profiles vanish
  without a mark, so the keys are listed every night.
- Imports are jobs: an accepted one is not done yet, and the errors of single records are a list of their own.
- An import finds a profile by its id, then external id, e-mail, phone; the phone must be in E.164.
- Each kind of call has limits by the second and by the minute; a 429 says how long to wait.
"""

from concord.contract import ChangedBetween, Field, Kind, RateLimit, Resource, System, VendorRules, Writes
from concord.protocols.jsonapi.lists import Filters, JsonApiList
from concord.protocols.session.auth import StaticToken
from concord.systems.klaviyo.account import ACCOUNT
from concord.systems.klaviyo.profiles import KlaviyoProfiles

API_VERSION = "2026-07-15"
JSON_API = "application/vnd.api+json"
FILTERS = Filters(
    between="and(greater-than({name},{start}),less-than({name},{end}))",
    since="greater-than({name},{start})",
    one_of="any({name},{values})",
)
SOURCE_ID = Field("id", "source_id", required=True)
EMAIL = "attributes.subscriptions.email.marketing"
PERSON = frozenset({"email", "phone", "first_name", "last_name", "company_name"})
PLACE = frozenset({"street", "city", "postal_code", "country_name"})

profiles = Resource(
    name="profiles",
    entity="customer",
    links={},
    read=JsonApiList(
        "/api/profiles",
        FILTERS,
        stamp="updated",
        also="subscriptions.email.marketing.suppression.timestamp",
        params={"additional-fields[profile]": "subscriptions"},
        lookup={"source_id": "id", "email": "email", "phone": "phone_number", "external_id": "external_id"},
    ),
    key="source_id",
    fields=(
        SOURCE_ID,
        Field("attributes.external_id", "external_id"),
        Field("attributes.email", "email", is_personal=True),
        Field("attributes.phone_number", "phone", is_personal=True),
        Field("attributes.first_name", "first_name", is_personal=True),
        Field("attributes.last_name", "last_name", is_personal=True),
        Field("attributes.organization", "company_name", is_personal=True),
        Field("attributes.location.address1", "street", is_personal=True),
        Field("attributes.location.city", "city", is_personal=True),
        Field("attributes.location.zip", "postal_code", is_personal=True),
        Field("attributes.location.country", "country_name"),
        Field(f"{EMAIL}.consent", "email_consent"),
        Field(f"{EMAIL}.can_receive_email_marketing", "can_receive_email", Kind.BOOLEAN),
        Field(f"{EMAIL}.consent_timestamp", "consented_at", Kind.TIMESTAMP),
        Field(f"{EMAIL}.last_updated", "consent_changed_at", Kind.TIMESTAMP),
        Field(f"{EMAIL}.suppression", "suppressions", Kind.JSON),
        Field("attributes.created", "created_at", Kind.TIMESTAMP),
        Field("attributes.updated", "updated_at", Kind.TIMESTAMP, required=True),
    ),
    changes=ChangedBetween("updated_at", vanish_limit=0.1),
    writes=Writes(
        KlaviyoProfiles(consent="email_consent"),
        update=PERSON | PLACE | {"external_id", "email_consent"},
        never_empty=frozenset({"email_consent"}),
        create=PERSON | PLACE | {"external_id"},
        guard="updated_at",
        natural_key=("external_id",),
    ),
)

SYSTEM = System(
    name="klaviyo",
    title="Klaviyo marketing",
    connection="klaviyo_default",
    auth=StaticToken("Authorization", prefix="Klaviyo-API-Key "),
    rate_limit=RateLimit(per_second=10, burst=10, concurrency=2),
    account=ACCOUNT,
    roles={"marketing": 1},
    resources=(profiles,),
    owns="consent to marketing, until the customer takes it back anywhere else",
    api_version=API_VERSION,
    api_version_ends="2028-07-15",
    rules=VendorRules(
        headers={"revision": API_VERSION, "Accept": JSON_API, "Content-Type": JSON_API},
        reasons=("errors.detail", "errors.title"),
        refuses_before_acting=frozenset({429}),
    ),
)
