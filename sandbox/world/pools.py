"""Names, places, phone plans and products from which the world is drawn. Data only."""

from typing import NamedTuple


class Place(NamedTuple):
    """A city with a postal code whose last digits are drawn: '#' is one digit."""

    city: str
    postal_pattern: str


class Country(NamedTuple):
    """Names and phone codes of a country; `trunk` is the prefix of the area code in local notation."""

    code: str
    name: str
    dial: str
    area: str
    trunk: str
    digits: int
    places: tuple[Place, ...]
    streets: tuple[str, ...]


COUNTRIES = (
    Country(
        "DE",
        "Germany",
        "49",
        "30",
        "0",
        7,
        (
            Place("Berlin", "10###"),
            Place("Hamburg", "20###"),
            Place("München", "80###"),
            Place("Köln", "50###"),
            Place("Leipzig", "04###"),
            Place("Stuttgart", "70###"),
        ),
        ("Hauptstraße {}", "Lindenweg {}", "Am Markt {}", "Gartenstraße {}", "Bahnhofstraße {}"),
    ),
    Country(
        "AT",
        "Austria",
        "43",
        "1",
        "0",
        7,
        (Place("Wien", "10##"), Place("Graz", "80##"), Place("Linz", "40##")),
        ("Ringstraße {}", "Schlossgasse {}", "Kirchengasse {}"),
    ),
    Country(
        "CH",
        "Switzerland",
        "41",
        "44",
        "0",
        7,
        (Place("Zürich", "80##"), Place("Bern", "30##"), Place("Basel", "40##")),
        ("Seestrasse {}", "Dorfstrasse {}", "Rue du Lac {}"),
    ),
    Country(
        "FR",
        "France",
        "33",
        "1",
        "0",
        8,
        (Place("Paris", "750##"), Place("Lyon", "690##"), Place("Nantes", "440##")),
        ("{} rue de la Paix", "{} avenue Victor Hugo", "{} place du Marché"),
    ),
    Country(
        "NL",
        "Netherlands",
        "31",
        "20",
        "0",
        7,
        (Place("Amsterdam", "10## AB"), Place("Utrecht", "35## KL"), Place("Rotterdam", "30## XD")),
        ("Keizersgracht {}", "Dorpsstraat {}", "Molenweg {}"),
    ),
    Country(
        "GB",
        "United Kingdom",
        "44",
        "207",
        "0",
        7,
        (Place("London", "N# #AA"), Place("Leeds", "LS# #QE"), Place("Bristol", "BS# #TR")),
        ("{} High Street", "{} Station Road", "{} Church Lane"),
    ),
    Country(
        "US",
        "United States",
        "1",
        "212",
        "",
        7,
        (Place("New York", "100##"), Place("Boston", "021##"), Place("Chicago", "606##")),
        ("{} Main Street", "{} Oak Avenue", "{} Lake Drive"),
    ),
    Country(
        "ES",
        "Spain",
        "34",
        "91",
        "",
        7,
        (Place("Madrid", "280##"), Place("Sevilla", "410##"), Place("Valencia", "460##")),
        ("Calle Mayor {}", "Avenida del Puerto {}", "Plaza Nueva {}"),
    ),
    Country(
        "IT",
        "Italy",
        "39",
        "347",
        "",
        7,
        (Place("Milano", "201##"), Place("Roma", "001##"), Place("Torino", "101##")),
        ("Via Garibaldi {}", "Corso Italia {}", "Piazza Dante {}"),
    ),
)
COUNTRY_BY_CODE = {country.code: country for country in COUNTRIES}
# The index of a customer's country is drawn from this: half of the customers are German.
COUNTRY_DRAW = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 6, 7, 8)

FIRST_NAMES = (
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hannes", "Ida", "Jonas", "Karla", "Lukas",
    "Marie", "Noah", "Olivia", "Paul", "Rosa", "Simon", "Theresa", "Ulrich", "Vera", "Werner", "Xenia",
    "Yannick", "Zoe", "Amélie", "Bruno", "Chloé", "Damien", "Élise", "François", "Giulia", "Henri",
    "Isabella", "Jules", "Katharina", "Lorenzo", "Martina", "Nicolò", "Oscar", "Pilar", "Raúl", "Sofía",
    "Tomás", "Valentina", "William", "Alice", "George", "Harriet", "Jack", "Lily", "Oliver", "Poppy",
    "Thomas", "Sander", "Fleur", "Daan", "Maud", "Jürgen", "Björn", "Käthe", "Sören", "Abigail", "Caleb",
    "Dylan", "Ethan", "Grace", "Hailey", "Logan", "Madison",
)  # fmt: skip
LAST_NAMES = (
    "Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz", "Hoffmann",
    "Koch", "Bauer", "Richter", "Klein", "Wolf", "Schröder", "Neumann", "Schwarz", "Zimmermann", "Braun",
    "Krüger", "Hofer", "Gruber", "Huber", "Steiner", "Moser", "Keller", "Meier", "Brunner", "Baumann",
    "Martin", "Bernard", "Dubois", "Robert", "Petit", "Durand", "Leroy", "Moreau", "Lefèvre", "Girard",
    "de Vries", "Jansen", "Bakker", "Visser", "van den Berg", "Smit", "Mulder", "Smith", "Jones", "Taylor",
    "Brown", "Davies", "Evans", "Wilson", "O'Neill", "Roberts", "Walker", "Wright", "Hall", "Clarke",
    "Johnson", "Miller", "Davis", "Anderson", "Harris", "García", "Fernández", "López", "Martínez", "Sánchez",
    "Pérez", "Gómez", "Rossi", "Russo", "Ferrari", "Esposito", "Bianchi", "Romano", "Colombo", "Ricci",
    "Marino", "Greco", "Conti", "Lehmann", "Köhler", "Herrmann", "Walter", "Peters", "Lang", "Scholz",
    "Möller", "Weiß", "Jung", "Hahn", "Vogel", "Friedrich", "Keßler", "Günther", "Frank", "Berger",
)  # fmt: skip
COMPANY_FIRST = (
    "Nord", "Süd", "West", "Ost", "Alpen", "Hanse", "Rhein", "Elbe", "Donau", "Atlas", "Merkur", "Orion",
    "Delta", "Nova", "Terra", "Aqua", "Lumen", "Vento", "Forst", "Stern", "Blau", "Silber", "Granit",
    "Linden", "Falken",
)  # fmt: skip
COMPANY_SECOND = (
    "Handel", "Technik", "Werkzeuge", "Möbel", "Optik", "Papier", "Textil", "Logistik", "Garten", "Licht",
    "Medien", "Elektro", "Bau", "Druck", "Feinkost", "Sport", "Design", "Systeme", "Metall", "Holz",
)  # fmt: skip
LEGAL_FORMS = {
    "DE": ("GmbH", "AG", "KG"), "AT": ("GmbH", "KG"), "CH": ("AG", "GmbH"), "FR": ("SARL", "SAS"), "NL": ("B.V.",),
    "GB": ("Ltd", "LLP"), "US": ("Inc.", "LLC"), "ES": ("S.L.",), "IT": ("S.r.l.",),
}  # fmt: skip
MAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example", "web.example")

PRODUCT_KINDS = (
    "Lamp", "Chair", "Desk", "Shelf", "Sofa", "Vase", "Mirror", "Clock", "Rug", "Stool", "Bench", "Tray",
    "Bowl", "Blanket", "Cushion", "Mug", "Plate", "Kettle", "Basket", "Frame",
)  # fmt: skip
PRODUCT_STYLES = (
    "Oslo",
    "Bergen",
    "Malmö",
    "Turin",
    "Porto",
    "Lyon",
    "Ghent",
    "Riga",
    "Tartu",
    "Split",
    "Cork",
    "Bath",
)
PRODUCT_COLOURS = ("black", "white", "oak", "walnut", "blue", "green", "red", "grey", "sand", "copper")
