"""The description of a service, `$metadata`, as EDMX of V2 and of V4."""

from collections.abc import Iterator, Sequence

from sandbox.vendors.odata.model import EDM, EDM_V4, EntityType, Property

_V2 = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" '
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" '
    'xmlns:sap="http://www.sap.com/Protocols/SAPData">'
    '<edmx:DataServices m:DataServiceVersion="2.0">'
    '<Schema Namespace="{name}" sap:schema-version="1" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">'
    "{types}{associations}"
    '<EntityContainer Name="{name}_Entities" m:IsDefaultEntityContainer="true" '
    'sap:supported-formats="atom json xlsx">{sets}{ends}</EntityContainer>'
    "</Schema></edmx:DataServices></edmx:Edmx>"
)
_V4 = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
    '<Schema Namespace="{name}" xmlns="http://docs.oasis-open.org/odata/ns/edm">{types}'
    '<EntityContainer Name="Container">{sets}</EntityContainer>'
    "</Schema></edmx:DataServices></edmx:Edmx>"
)


def metadata(name: str, version: int, entities: Sequence[EntityType]) -> bytes:
    """The document of one service."""
    everything = list(_reached(entities))
    types = "".join(_type(name, version, entity) for entity in everything)
    sets = "".join(
        f'<EntitySet Name="{entity.set_name}" EntityType="{name}.{entity.type_name}"/>' for entity in everything
    )
    if version == 4:
        return _V4.format(name=name, types=types, sets=sets).encode()
    associations = "".join(_association(name, entity) for entity in everything)
    ends = "".join(_association_set(name, entity) for entity in everything)
    return _V2.format(name=name, types=types, sets=sets, associations=associations, ends=ends).encode()


def _reached(entities: Sequence[EntityType]) -> Iterator[EntityType]:
    """The types of the collections and of the entities inside them, each once."""
    seen: set[str] = set()
    waiting = list(entities)
    while waiting:
        entity = waiting.pop(0)
        if entity.set_name not in seen:
            seen.add(entity.set_name)
            waiting += [navigation.target for navigation in entity.navigations.values()]
            yield entity


def _type(name: str, version: int, entity: EntityType) -> str:
    keys = "".join(f'<PropertyRef Name="{key}"/>' for key in entity.keys)
    own = entity.properties.values()
    members = "".join(_property(version, item, is_key=item.name in entity.keys) for item in own)
    for navigation in entity.navigations.values():
        target = f"{name}.{navigation.target.type_name}"
        if version == 4:
            members += f'<NavigationProperty Name="{navigation.name}" Type="Collection({target})"/>'
        else:
            relation = f"{name}.{_relation(entity, navigation.name)}"
            members += (
                f'<NavigationProperty Name="{navigation.name}" Relationship="{relation}" '
                f'FromRole="From_{navigation.name}" ToRole="To_{navigation.name}"/>'
            )
    return f'<EntityType Name="{entity.type_name}"><Key>{keys}</Key>{members}</EntityType>'


def _property(version: int, item: Property, *, is_key: bool) -> str:
    kind = (EDM_V4 if version == 4 else EDM)[item.type]
    facets = f' MaxLength="{item.length}"' if kind == "Edm.String" else ""
    if item.type == "decimal":
        facets = ' Precision="16" Scale="3"'
    if item.type in ("date", "moment", "time") and version == 2:
        facets = ' Precision="0"'
    return f'<Property Name="{item.name}" Type="{kind}" Nullable="{str(not is_key).lower()}"{facets}/>'


def _relation(entity: EntityType, name: str) -> str:
    return f"assoc_{entity.set_name}_{name}"


def _association(name: str, entity: EntityType) -> str:
    return "".join(
        f'<Association Name="{_relation(entity, navigation.name)}">'
        f'<End Type="{name}.{entity.type_name}" Multiplicity="1" Role="From_{navigation.name}"/>'
        f'<End Type="{name}.{navigation.target.type_name}" Multiplicity="*" Role="To_{navigation.name}"/>'
        "</Association>"
        for navigation in entity.navigations.values()
    )


def _association_set(name: str, entity: EntityType) -> str:
    return "".join(
        f'<AssociationSet Name="{_relation(entity, navigation.name)}Set" '
        f'Association="{name}.{_relation(entity, navigation.name)}">'
        f'<End EntitySet="{entity.set_name}" Role="From_{navigation.name}"/>'
        f'<End EntitySet="{navigation.target.set_name}" Role="To_{navigation.name}"/>'
        "</AssociationSet>"
        for navigation in entity.navigations.values()
    )
